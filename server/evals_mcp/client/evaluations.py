"""Evaluations. `runs` has their runs."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.client.urls import Query
from evals_mcp.models.evaluations import (
    AddEvaluatorsRequest,
    CreateEvaluationRequest,
    EvaluationResponse,
)
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.references import EvaluatorReference

_EVALUATION = TypeAdapter(EvaluationResponse)
_EVALUATIONS = TypeAdapter(PaginatedData[EvaluationResponse])


class Evaluations(Endpoints):
    """The evaluations of a server."""

    async def create(self, request: CreateEvaluationRequest) -> EvaluationResponse:
        """Create an evaluation. Raises NotFound, and Conflict if its file has one with this name."""
        return await self._connection.send("POST", ("evaluations",), _EVALUATION, request)

    async def delete(self, evaluation_id: str) -> None:
        """Delete an evaluation. Its runs and evaluators stay. Raises NotFound."""
        await self._connection.send_only("DELETE", ("evaluations", evaluation_id))

    async def add_evaluators(self, evaluation_id: str, evaluators: Sequence[EvaluatorReference]) -> EvaluationResponse:
        """Attach evaluators. Raises NotFound."""
        path = ("evaluations", evaluation_id, "evaluators")
        request = AddEvaluatorsRequest(evaluators=[*evaluators])
        return await self._connection.send("POST", path, _EVALUATION, request)

    async def remove_evaluator(self, evaluation_id: str, evaluator_version_id: str) -> None:
        """Detach an evaluator version. Its judgments stay. Raises NotFound."""
        await self._connection.send_only("DELETE", ("evaluations", evaluation_id, "evaluators", evaluator_version_id))

    async def list(self, file_id: str, *, page: int = 1, size: int = 10) -> PaginatedData[EvaluationResponse]:
        """Fetch a page of the evaluations of a file. Raises NotFound."""
        query: Query = {"file_id": file_id, "page": page, "size": size}
        return await self._connection.get(("evaluations",), _EVALUATIONS, query)
