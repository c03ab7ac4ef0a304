"""What files of every type can be asked: reading, moving, versions and deployments; writing is per type."""

from typing import Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.models.enums import FileSortBy, SortOrder
from evals_mcp.models.files import FileEnvironmentResponse
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.versions import MoveFileRequest, UpdateVersionRequest

File = TypeVar("File")
Versions = TypeVar("Versions")

FileEnvironments = list[FileEnvironmentResponse]
"""All environments, each with the version of a file that is deployed to it."""

_ENVIRONMENTS: TypeAdapter[FileEnvironments] = TypeAdapter(FileEnvironments, config=ConfigDict(defer_build=True))


class VersionedFiles(Generic[File, Versions]):
    """The files of one type, whose name in paths is `noun`."""

    def __init__(
        self,
        connection: Connection,
        noun: str,
        file: TypeAdapter[File],
        versions: TypeAdapter[Versions],
        files: TypeAdapter[PaginatedData[File]],
    ) -> None:
        self._connection = connection
        self._noun = noun
        self._file = file
        self._versions = versions
        self._files = files

    async def get(self, file_id: str, *, version_id: str | None = None, environment: str | None = None) -> File:
        """Fetch a version: by its id, or as deployed to an environment, else the default one. Raises NotFound."""
        query = {"version_id": version_id, "environment": environment}
        return await self._connection.get((self._noun, file_id), self._file, query)

    async def delete(self, file_id: str) -> None:
        """Delete a file. Raises NotFound."""
        await self._connection.send_only("DELETE", (self._noun, file_id))

    async def move(self, file_id: str, request: MoveFileRequest) -> File:
        """Move or rename a file. Raises NotFound, and Conflict if the path is taken."""
        return await self._connection.send("PATCH", (self._noun, file_id), self._file, request)

    async def list_versions(self, file_id: str, *, evaluator_aggregates: bool | None = None) -> Versions:
        """Fetch all versions of a file. Raises NotFound."""
        query = {"evaluator_aggregates": evaluator_aggregates}
        return await self._connection.get((self._noun, file_id, "versions"), self._versions, query)

    async def update_version(self, file_id: str, version_id: str, request: UpdateVersionRequest) -> File:
        """Rename or describe a version. Raises NotFound, and Conflict if the name is taken."""
        path = (self._noun, file_id, "versions", version_id)
        return await self._connection.send("PATCH", path, self._file, request)

    async def delete_version(self, file_id: str, version_id: str) -> None:
        """Delete a version. Raises NotFound, and Conflict if it is in use."""
        await self._connection.send_only("DELETE", (self._noun, file_id, "versions", version_id))

    async def list_environments(self, file_id: str) -> FileEnvironments:
        """Fetch all environments with the version deployed to each. Raises NotFound."""
        return await self._connection.get((self._noun, file_id, "environments"), _ENVIRONMENTS)

    async def set_deployment(self, file_id: str, environment_id: str, version_id: str) -> File:
        """Deploy a version to an environment. Raises NotFound."""
        path = (self._noun, file_id, "environments", environment_id)
        return await self._connection.send("POST", path, self._file, query={"version_id": version_id})

    async def remove_deployment(self, file_id: str, environment_id: str) -> None:
        """Take a file out of an environment. Raises NotFound."""
        await self._connection.send_only("DELETE", (self._noun, file_id, "environments", environment_id))

    async def list(
        self,
        *,
        page: int = 1,
        size: int = 10,
        name: str | None = None,
        user_filter: str | None = None,
        sort_by: FileSortBy | None = None,
        order: SortOrder | None = None,
    ) -> PaginatedData[File]:
        """Fetch a page of the files of this type; `name` is a part of their name. Raises Invalid."""
        query = {
            "page": page,
            "size": size,
            "name": name,
            "user_filter": user_filter,
            "sort_by": sort_by,
            "order": order,
        }
        return await self._connection.get((self._noun,), self._files, query)
