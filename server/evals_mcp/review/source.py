"""Where reviews get their rows from; the two ways to get them are in `extended` and `documented`."""

from typing import Protocol

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
