"""Where reviews get their rows from; the two ways to get them are in `extended` and `documented`."""

from typing import Protocol

from evals_mcp.models.comparisons import ComparisonQuestion, Comparisons
from evals_mcp.models.review import (
    DatapointQuestion,
    DatapointRows,
    EvaluationRows,
    LogQuestion,
    LogRows,
    Overview,
)


class Source(Protocol):
    """The rows that reviews ask for. Every method raises EvalsError."""

    async def list_evaluations(self, text: str | None, limit: int, offset: int) -> EvaluationRows:
        """Evaluations by name, file or evaluator, the last changed first."""
        ...

    async def get_overview(self, evaluation_id: str) -> Overview:
        """An evaluation with its evaluators, runs and statistics."""
        ...

    async def find_logs(self, evaluation_id: str, question: LogQuestion) -> LogRows:
        """The logs that a question asks for."""
        ...

    async def find_datapoints(self, evaluation_id: str, question: DatapointQuestion) -> DatapointRows:
        """The datapoints that a question asks for."""
        ...

    async def compare_runs(self, evaluation_id: str, question: ComparisonQuestion) -> Comparisons:
        """Runs compared as a question asks."""
        ...

    async def find_log_ids(self, beginning: str, limit: int) -> list[str]:
        """Ids of logs that begin so, the newest first."""
        ...

    async def find_datapoint_ids(self, evaluation_id: str, beginning: str, limit: int) -> list[str]:
        """Ids of datapoints in an evaluation's datasets that begin so, the newest run's dataset first."""
        ...
