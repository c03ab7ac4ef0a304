"""The v4 calls that log a generation for a datapoint, and open a run for it."""

from typing import Any

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.models.v4.evaluations import V4UpdateEvaluationStatusRequest
from evals_mcp.models.v4.logs import V4CreateEvaluationLogRequest, V4CreateLogResponse

_ANYTHING = TypeAdapter(dict[str, Any])
_CREATED_LOG = TypeAdapter(V4CreateLogResponse)


class V4(Endpoints):
    """The evaluations of a server in v4, where a run is an evaluatee."""

    async def open_run(self, evaluation_id: str, run_id: str) -> None:
        """Set a completed run to running, so that it takes logs. Raises NotFound, and Conflict if it is cancelled."""
        path, query = ("evaluations", evaluation_id, "status"), {"evaluatee_id": run_id}
        request = V4UpdateEvaluationStatusRequest(status="running")
        await self._connection.send("PATCH", path, _ANYTHING, request, query, api="v4")

    async def log(
        self, evaluation_id: str, request: V4CreateEvaluationLogRequest, *, evaluatee_id: str | None = None
    ) -> V4CreateLogResponse:
        """Record a log for a datapoint in a run (default: the oldest one).

        Raises NotFound, Invalid, and Conflict if the run is not running.
        """
        path = ("evaluations", evaluation_id, "log")
        query = {"evaluatee_id": evaluatee_id}
        return await self._connection.send("POST", path, _CREATED_LOG, request, query, api="v4")
