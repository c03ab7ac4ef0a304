"""Prompts: one method per endpoint; what all files share is in `versioned`."""

from pydantic import ConfigDict, TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.client.versioned import VersionedFiles
from evals_mcp.models.log_requests import CreatePromptLogResponse, PromptLogRequest, UpdatePromptLogRequest
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.prompts import ListPrompts, PromptRequest, PromptResponse

_LOG: TypeAdapter[LogResponse] = TypeAdapter(LogResponse, config=ConfigDict(defer_build=True))
_CREATED_LOG = TypeAdapter(CreatePromptLogResponse)
_FILE = TypeAdapter(PromptResponse)
_VERSIONS = TypeAdapter(ListPrompts)
_FILES = TypeAdapter(PaginatedData[PromptResponse])


class Prompts(VersionedFiles[PromptResponse, ListPrompts]):
    """The prompts of a server."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "prompts", _FILE, _VERSIONS, _FILES)

    async def upsert(self, request: PromptRequest) -> PromptResponse:
        """Create a prompt or give it a version; the same content is the same version. Raises Conflict."""
        return await self._connection.send("POST", ("prompts",), _FILE, request)

    async def log(
        self, request: PromptLogRequest, *, version_id: str | None = None, environment: str | None = None
    ) -> CreatePromptLogResponse:
        """Record a log of a version: named here, by its content in the request, or the default one. Raises NotFound."""
        query = {"version_id": version_id, "environment": environment}
        return await self._connection.send("POST", ("prompts", "log"), _CREATED_LOG, request, query)

    async def update_log(self, file_id: str, log_id: str, request: UpdatePromptLogRequest) -> LogResponse:
        """Change what a log says. Raises NotFound."""
        return await self._connection.send("PATCH", ("prompts", file_id, "log", log_id), _LOG, request)
