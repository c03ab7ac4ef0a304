"""Directories: one method per endpoint."""

from pydantic import ConfigDict, TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.models.directories import (
    CreateDirectoryRequest,
    DirectoryResponse,
    DirectoryWithParentsAndChildrenResponse,
    UpdateDirectoryRequest,
)

_DIRECTORY = TypeAdapter(DirectoryResponse)
_DIRECTORIES = TypeAdapter(list[DirectoryResponse], config=ConfigDict(defer_build=True))
_WITH_CHILDREN = TypeAdapter(DirectoryWithParentsAndChildrenResponse)


class Directories:
    """The directories of a server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(self, request: CreateDirectoryRequest) -> DirectoryResponse:
        """Create a directory and, for a path, its parents. Raises NotFound and Conflict."""
        return await self._connection.send("POST", ("directories",), _DIRECTORY, request)

    async def get(self, directory_id: str = "root") -> DirectoryWithParentsAndChildrenResponse:
        """Fetch a directory, else the root, with what is directly in it. Raises NotFound."""
        return await self._connection.get(("directories", directory_id), _WITH_CHILDREN)

    async def update(self, directory_id: str, request: UpdateDirectoryRequest) -> DirectoryResponse:
        """Rename or move a directory. Raises NotFound and Conflict."""
        return await self._connection.send("PATCH", ("directories", directory_id), _DIRECTORY, request)

    async def delete(self, directory_id: str) -> None:
        """Delete a directory. Raises NotFound, and Conflict if something is in it."""
        await self._connection.send_only("DELETE", ("directories", directory_id))

    async def list(self) -> list[DirectoryResponse]:
        """Fetch all directories. Raises EvalsError only if the server does."""
        return await self._connection.get(("directories",), _DIRECTORIES)
