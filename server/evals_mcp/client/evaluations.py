"""Evaluations: one method per endpoint; their runs are in `runs`."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.client.urls import Query
from evals_mcp.models.evaluations import (
    AddEvaluatorsRequest,
    CreateEvaluationRequest,
    EvaluationLogResponse,
    EvaluationResponse,
)
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.references import EvaluatorReference
from evals_mcp.models.stats import EvaluationStats

_EVALUATION = TypeAdapter(EvaluationResponse)
_EVALUATIONS = TypeAdapter(PaginatedData[EvaluationResponse])
_LOGS = TypeAdapter(PaginatedData[EvaluationLogResponse])
_STATS = TypeAdapter(EvaluationStats)


class Evaluations:
    """The evaluations of a server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(self, request: CreateEvaluationRequest) -> EvaluationResponse:
        """Create an evaluation. Raises NotFound, and Conflict if its file has one of this name."""
        return await self._connection.send("POST", ("evaluations",), _EVALUATION, request)

    async def get(self, evaluation_id: str) -> EvaluationResponse:
        """Fetch one evaluation. Raises NotFound."""
        return await self._connection.get(("evaluations", evaluation_id), _EVALUATION)

    async def delete(self, evaluation_id: str) -> None:
        """Delete an evaluation; its runs and evaluators stay. Raises NotFound."""
        await self._connection.send_only("DELETE", ("evaluations", evaluation_id))

    async def add_evaluators(self, evaluation_id: str, evaluators: Sequence[EvaluatorReference]) -> EvaluationResponse:
        """Attach evaluators. Raises NotFound."""
        path = ("evaluations", evaluation_id, "evaluators")
        request = AddEvaluatorsRequest(evaluators=[*evaluators])
        return await self._connection.send("POST", path, _EVALUATION, request)

    async def remove_evaluator(self, evaluation_id: str, evaluator_version_id: str) -> EvaluationResponse:
        """Detach an evaluator. Raises NotFound."""
        path = ("evaluations", evaluation_id, "evaluators", evaluator_version_id)
        return await self._connection.send("DELETE", path, _EVALUATION)

    async def stats(self, evaluation_id: str) -> EvaluationStats:
        """Fetch the statistics of all runs, newest first. Raises NotFound."""
        return await self._connection.get(("evaluations", evaluation_id, "stats"), _STATS)

    async def logs(
        self, evaluation_id: str, *, page: int = 1, size: int = 10, run_ids: Sequence[str] = ()
    ) -> PaginatedData[EvaluationLogResponse]:
        """Fetch a page of logs with their judgments, of the runs named or of all. Raises NotFound."""
        query: Query = {"page": page, "size": size, "run_id": run_ids}
        return await self._connection.get(("evaluations", evaluation_id, "logs"), _LOGS, query)

    async def list(self, file_id: str, *, page: int = 1, size: int = 10) -> PaginatedData[EvaluationResponse]:
        """Fetch a page of the evaluations of a file. Raises NotFound."""
        query: Query = {"file_id": file_id, "page": page, "size": size}
        return await self._connection.get(("evaluations",), _EVALUATIONS, query)
