"""Rows for reviews from a server that has this project's extension: one request each."""

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.review import (
    DatapointQuestion,
    DatapointRows,
    EvaluationRows,
    LogQuestion,
    LogRows,
    Overview,
)


class Extended:
    """A `Source` that asks the extension."""

    def __init__(self, client: EvalsClient) -> None:
        self._reviews = client.reviews

    async def list_evaluations(self, text: str | None, limit: int, offset: int) -> EvaluationRows:
        """Evaluations by name, file or evaluator, the last changed first."""
        return await self._reviews.list_evaluations(text, limit=limit, offset=offset)

    async def get_overview(self, evaluation_id: str) -> Overview:
        """An evaluation with its evaluators, runs and statistics. Raises NotFound."""
        return await self._reviews.get_overview(evaluation_id)

    async def find_logs(self, evaluation_id: str, question: LogQuestion) -> LogRows:
        """The logs that a question asks for. Raises NotFound."""
        return await self._reviews.find_logs(evaluation_id, question)

    async def find_datapoints(self, evaluation_id: str, question: DatapointQuestion) -> DatapointRows:
        """The datapoints that a question asks for. Raises NotFound."""
        return await self._reviews.find_datapoints(evaluation_id, question)
