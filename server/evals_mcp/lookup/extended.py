"""Rows for reviews from a server that has this project's extension: one request each."""

from evals_mcp.client.client import EvalsClient
from evals_mcp.models.comparisons import ComparisonQuestion, Comparisons
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
        self._known: str | None = None

    def recall_overview(self, word: str) -> Overview | None:
        """The overview fetched last by this word; the rows asked for next come only if it has not changed."""
        recalled = self._reviews.recall_overview(word)
        if recalled is None:
            return None
        self._known = recalled.token
        return recalled.overview

    async def list_evaluations(self, text: str | None, limit: int, offset: int) -> EvaluationRows:
        """Evaluations by name, file or evaluator, the last changed first."""
        return await self._reviews.list_evaluations(text, limit=limit, offset=offset)

    async def get_overview(self, evaluation_id: str) -> Overview:
        """An evaluation with its evaluators, runs and statistics. Raises NotFound."""
        return await self._reviews.get_overview(evaluation_id)

    async def find_logs(self, evaluation_id: str, question: LogQuestion) -> LogRows:
        """The logs that a question asks for. Raises NotFound, and Outdated after a recalled overview."""
        return await self._reviews.find_logs(evaluation_id, question, known=self._known)

    async def find_datapoints(self, evaluation_id: str, question: DatapointQuestion) -> DatapointRows:
        """The datapoints that a question asks for. Raises NotFound, and Outdated after a recalled overview."""
        return await self._reviews.find_datapoints(evaluation_id, question, known=self._known)

    async def compare_runs(self, evaluation_id: str, question: ComparisonQuestion) -> Comparisons:
        """Runs compared as a question asks. Raises NotFound, and Outdated after a recalled overview."""
        return await self._reviews.compare_runs(evaluation_id, question, known=self._known)

    async def find_log_ids(self, beginning: str, limit: int) -> list[str]:
        """Ids of logs that begin so, the newest first."""
        return (await self._reviews.find_log_ids(beginning, limit=limit)).ids

    async def find_datapoint_ids(self, evaluation_id: str, beginning: str, limit: int) -> list[str]:
        """Ids of datapoints in an evaluation's datasets that begin so. Raises NotFound."""
        return (await self._reviews.find_datapoint_ids(evaluation_id, beginning, limit=limit)).ids
