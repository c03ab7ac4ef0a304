"""Evaluators: one method per endpoint; what all files share is in `versioned`."""

from pydantic import TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.client.versioned import VersionedFiles
from evals_mcp.models.evaluators import EvaluatorRequest, EvaluatorResponse, ListEvaluators
from evals_mcp.models.log_requests import CreateEvaluatorLogResponse, EvaluatorLogRequest
from evals_mcp.models.pages import PaginatedData

_CREATED_LOG = TypeAdapter(CreateEvaluatorLogResponse)
_FILE = TypeAdapter(EvaluatorResponse)
_VERSIONS = TypeAdapter(ListEvaluators)
_FILES = TypeAdapter(PaginatedData[EvaluatorResponse])


class Evaluators(VersionedFiles[EvaluatorResponse, ListEvaluators]):
    """The evaluators of a server."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "evaluators", _FILE, _VERSIONS, _FILES)

    async def upsert(self, request: EvaluatorRequest) -> EvaluatorResponse:
        """Create an evaluator or give it a version; the same content is the same version. Raises Conflict."""
        return await self._connection.send("POST", ("evaluators",), _FILE, request)

    async def log(
        self, request: EvaluatorLogRequest, *, version_id: str | None = None, environment: str | None = None
    ) -> CreateEvaluatorLogResponse:
        """Record a judgment of a log; a null one that was set is sent, as an abstention. Raises NotFound."""
        body = request.model_dump(mode="json", exclude_none=True)
        if "judgment" in request.model_fields_set:
            body.setdefault("judgment", None)
        query = {"version_id": version_id, "environment": environment}
        return await self._connection.send("POST", ("evaluators", "log"), _CREATED_LOG, body, query)
