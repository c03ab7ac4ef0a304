"""Flows: one method per endpoint; what all files share is in `versioned`."""

from pydantic import TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.client.versioned import VersionedFiles
from evals_mcp.models.flows import FlowRequest, FlowResponse, ListFlows
from evals_mcp.models.log_requests import CreateFlowLogResponse, FlowLogRequest, UpdateFlowLogRequest
from evals_mcp.models.logs import FlowLogResponse
from evals_mcp.models.pages import PaginatedData

_LOG = TypeAdapter(FlowLogResponse)
_CREATED_LOG = TypeAdapter(CreateFlowLogResponse)
_FILE = TypeAdapter(FlowResponse)
_VERSIONS = TypeAdapter(ListFlows)
_FILES = TypeAdapter(PaginatedData[FlowResponse])


class Flows(VersionedFiles[FlowResponse, ListFlows]):
    """The flows of a server."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "flows", _FILE, _VERSIONS, _FILES)

    async def upsert(self, request: FlowRequest) -> FlowResponse:
        """Create a flow or give it a version; the same content is the same version. Raises Conflict."""
        return await self._connection.send("POST", ("flows",), _FILE, request)

    async def log(
        self, request: FlowLogRequest, *, version_id: str | None = None, environment: str | None = None
    ) -> CreateFlowLogResponse:
        """Record a log of a version: named here, by its content in the request, or the default one. Raises NotFound."""
        query = {"version_id": version_id, "environment": environment}
        return await self._connection.send("POST", ("flows", "log"), _CREATED_LOG, request, query)

    async def update_log(self, log_id: str, request: UpdateFlowLogRequest) -> FlowLogResponse:
        """Change what a log says, or complete it, which is final. Raises NotFound and Conflict."""
        return await self._connection.send("PATCH", ("flows", "logs", log_id), _LOG, request)
