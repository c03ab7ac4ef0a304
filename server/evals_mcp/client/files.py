"""Files of all types together: one method per endpoint."""

from collections.abc import Sequence

from pydantic import ConfigDict, TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.models.enums import FileSortBy, FileType, SortOrder
from evals_mcp.models.files import FileResponse
from evals_mcp.models.pages import PaginatedData

_FILE: TypeAdapter[FileResponse] = TypeAdapter(FileResponse, config=ConfigDict(defer_build=True))
_FILES = TypeAdapter(PaginatedData[FileResponse])


class Files:
    """The files of a server, of any type."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def retrieve_by_path(
        self, path: str, *, environment: str | None = None, include_raw_file_content: bool | None = None
    ) -> FileResponse:
        """Fetch the file at a path, as deployed to an environment, else the default one. Raises NotFound."""
        query = {"environment": environment, "include_raw_file_content": include_raw_file_content}
        return await self._connection.send(
            "POST", ("files", "retrieve-by-path"), _FILE, {"path": path}, query, reads=True
        )

    async def list(
        self,
        *,
        page: int = 1,
        size: int = 10,
        name: str | None = None,
        path: str | None = None,
        template: bool | None = None,
        types: Sequence[FileType] = (),
        environment: str | None = None,
        sort_by: FileSortBy | None = None,
        order: SortOrder | None = None,
        include_raw_file_content: bool | None = None,
    ) -> PaginatedData[FileResponse]:
        """Fetch a page of files: `name` is a part of their name, `path` a directory above them. Raises Invalid."""
        query = {
            "page": page,
            "size": size,
            "name": name,
            "path": path,
            "template": template,
            "type": types,
            "environment": environment,
            "sort_by": sort_by,
            "order": order,
            "include_raw_file_content": include_raw_file_content,
        }
        return await self._connection.get(("files",), _FILES, query)
