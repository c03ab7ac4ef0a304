"""The calls of v4, in which an evaluation is also its run: one method per endpoint."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.client.urls import Query
from evals_mcp.models.enums import EvaluationStatus
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.v4.evaluations import (
    V4AddEvaluatorsRequest,
    V4CreateEvaluationRequest,
    V4EvaluationDatapointSnapshotResponse,
    V4EvaluationResponse,
)
from evals_mcp.models.v4.logs import (
    V4CreateEvaluationLogRequest,
    V4CreateEvaluationResultLogRequest,
    V4CreateLogResponse,
    V4EvaluationResultResponse,
)

_EVALUATION = TypeAdapter(V4EvaluationResponse)
_EVALUATIONS = TypeAdapter(PaginatedData[V4EvaluationResponse])
_DATAPOINTS = TypeAdapter(PaginatedData[V4EvaluationDatapointSnapshotResponse])
_CREATED_LOG = TypeAdapter(V4CreateLogResponse)
_RESULT = TypeAdapter(V4EvaluationResultResponse)


class V4:
    """The evaluations of a server as v4 knows them; `evaluatee_id` names a run in one, else it is the first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(
        self, evaluation_id: str, *, evaluator_aggregates: bool | None = None, evaluatee_id: str | None = None
    ) -> V4EvaluationResponse:
        """Fetch one evaluation. Raises NotFound."""
        query = {"evaluator_aggregates": evaluator_aggregates, "evaluatee_id": evaluatee_id}
        return await self._connection.get(("evaluations", evaluation_id), _EVALUATION, query, api="v4")

    async def list_datapoints(
        self, evaluation_id: str, *, page: int = 1, size: int = 10, evaluatee_id: str | None = None
    ) -> PaginatedData[V4EvaluationDatapointSnapshotResponse]:
        """Fetch a page of datapoints, each with its log and the results on it. Raises NotFound."""
        query = {"page": page, "size": size, "evaluatee_id": evaluatee_id}
        path = ("evaluations", evaluation_id, "datapoints")
        return await self._connection.get(path, _DATAPOINTS, query, api="v4")

    async def create(self, project_id: str, request: V4CreateEvaluationRequest) -> V4EvaluationResponse:
        """Create an evaluation of one config over a dataset. Raises NotFound and Conflict."""
        path = ("projects", project_id, "evaluations")
        return await self._connection.send("POST", path, _EVALUATION, request, api="v4")

    async def log(
        self, evaluation_id: str, request: V4CreateEvaluationLogRequest, *, evaluatee_id: str | None = None
    ) -> V4CreateLogResponse:
        """Record a log for a datapoint. Raises NotFound, Invalid, and Conflict if the run is not running."""
        path = ("evaluations", evaluation_id, "log")
        query = {"evaluatee_id": evaluatee_id}
        return await self._connection.send("POST", path, _CREATED_LOG, request, query, api="v4")

    async def result(
        self,
        evaluation_id: str,
        request: V4CreateEvaluationResultLogRequest,
        *,
        evaluatee_id: str | None = None,
    ) -> V4EvaluationResultResponse:
        """Record an evaluator's judgment of a log. Raises NotFound, Invalid and Conflict."""
        path = ("evaluations", evaluation_id, "result")
        query = {"evaluatee_id": evaluatee_id}
        return await self._connection.send("POST", path, _RESULT, request, query, api="v4")

    async def update_status(self, evaluation_id: str, status: EvaluationStatus) -> V4EvaluationResponse:
        """Start, complete or reopen an evaluation. Raises NotFound and Conflict."""
        path = ("evaluations", evaluation_id, "status")
        return await self._connection.send("PATCH", path, _EVALUATION, {"status": status}, api="v4")

    async def add_evaluators(self, evaluation_id: str, request: V4AddEvaluatorsRequest) -> V4EvaluationResponse:
        """Attach evaluators. Raises NotFound."""
        path = ("evaluations", evaluation_id, "evaluators")
        return await self._connection.send("PATCH", path, _EVALUATION, request, api="v4")

    async def list(
        self,
        project_id: str,
        *,
        page: int = 0,
        size: int = 10,
        ids: Sequence[str] = (),
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        evaluatee_id: str | None = None,
    ) -> PaginatedData[V4EvaluationResponse]:
        """Fetch a page of the evaluations of a project (a file); the first page is 0. Raises NotFound."""
        query: Query = {
            "project_id": project_id,
            "page": page,
            "size": size,
            "id": ids,
            "start_date": start_date,
            "end_date": end_date,
            "evaluatee_id": evaluatee_id,
        }
        return await self._connection.get(("evaluations",), _EVALUATIONS, query, api="v4")
