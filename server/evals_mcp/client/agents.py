"""Agents: one method per endpoint; what all files share is in `versioned`."""

from pydantic import TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.client.versioned import VersionedFiles
from evals_mcp.models.agents import AgentRequest, AgentResponse, ListAgents
from evals_mcp.models.log_requests import AgentLogRequest, CreateAgentLogResponse, UpdateFlowLogRequest
from evals_mcp.models.logs import AgentLogResponse
from evals_mcp.models.pages import PaginatedData

_LOG = TypeAdapter(AgentLogResponse)
_CREATED_LOG = TypeAdapter(CreateAgentLogResponse)
_FILE = TypeAdapter(AgentResponse)
_VERSIONS = TypeAdapter(ListAgents)
_FILES = TypeAdapter(PaginatedData[AgentResponse])


class Agents(VersionedFiles[AgentResponse, ListAgents]):
    """The agents of a server."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "agents", _FILE, _VERSIONS, _FILES)

    async def upsert(self, request: AgentRequest) -> AgentResponse:
        """Create an agent or give it a version; the same content is the same version. Raises Conflict."""
        return await self._connection.send("POST", ("agents",), _FILE, request)

    async def log(
        self, request: AgentLogRequest, *, version_id: str | None = None, environment: str | None = None
    ) -> CreateAgentLogResponse:
        """Record a log of a version: named here, by its content in the request, or the default one. Raises NotFound."""
        query = {"version_id": version_id, "environment": environment}
        return await self._connection.send("POST", ("agents", "log"), _CREATED_LOG, request, query)

    async def update_log(self, file_id: str, log_id: str, request: UpdateFlowLogRequest) -> AgentLogResponse:
        """Change what a log says. Raises NotFound."""
        return await self._connection.send("PATCH", ("agents", file_id, "log", log_id), _LOG, request)
