"""Where the rows of answers come from: a server with our routes, or a mirror of a server without them. Only types."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from evals_mcp.models.agreement import AgreementRows
from evals_mcp.models.comparisons import Comparisons
from evals_mcp.models.failures import FailureRows
from evals_mcp.models.field_rows import FieldRows
from evals_mcp.models.groups import ChosenRunFigures, GroupedComparison, GroupedComparisonQuestion, RunFiguresQuestion
from evals_mcp.models.questions import (
    AgreementQuestion,
    ComparisonQuestion,
    DatapointQuestion,
    FailureQuestion,
    LogQuestion,
    RankingQuestion,
    RelationQuestion,
    RepeatQuestion,
)
from evals_mcp.models.rankings import RankingRows
from evals_mcp.models.relations import RelationRows
from evals_mcp.models.repeats import RepeatRows
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import DatapointContent, DatapointRows, EvaluationRows, LogRows
from evals_mcp.models.sql import SqlQuestion, SqlRows

Progress = Callable[[int, int | None, str], Awaitable[None]]
"""Receives the logs read so far, their total, and both as text."""


class RowSource(Protocol):
    """Answers a reviewer's questions, as `Reviews` does. Every method raises EvalsError."""

    async def list_evaluations(
        self, text: str | None = None, *, limit: int = 20, offset: int = 0, following: Sequence[int] | None = None
    ) -> EvaluationRows:
        """Evaluations by name, file or evaluator, most recently changed first."""
        ...

    async def get_evaluation(self, word: str) -> ResolvedEvaluation:
        """An evaluation by id, unique name or file. Raises NotFound."""
        ...

    async def find_logs(
        self, evaluation: ResolvedEvaluation, question: LogQuestion
    ) -> tuple[ResolvedEvaluation, LogRows]:
        """The logs for a question, with the evaluation at the same time. Raises NotFound."""
        ...

    async def find_datapoints(
        self, evaluation: ResolvedEvaluation, question: DatapointQuestion
    ) -> tuple[ResolvedEvaluation, DatapointRows]:
        """The datapoints for a question, with the evaluation at the same time. Raises NotFound."""
        ...

    async def compare_runs(
        self, evaluation: ResolvedEvaluation, question: ComparisonQuestion
    ) -> tuple[ResolvedEvaluation, Comparisons]:
        """The comparison for a question, with the evaluation at the same time. Raises NotFound."""
        ...

    async def query(self, evaluation: ResolvedEvaluation, question: SqlQuestion) -> tuple[ResolvedEvaluation, SqlRows]:
        """The rows of a SELECT, with the evaluation at the same time. Raises NotFound and Invalid."""
        ...

    async def find_agreement(
        self, evaluation: ResolvedEvaluation, question: AgreementQuestion
    ) -> tuple[ResolvedEvaluation, AgreementRows]:
        """How evaluators agree, with the evaluation at the same time. Raises NotFound."""
        ...

    async def find_relations(
        self, evaluation: ResolvedEvaluation, question: RelationQuestion
    ) -> tuple[ResolvedEvaluation, RelationRows]:
        """How judgments relate to other numbers, with the evaluation at the same time. Raises NotFound."""
        ...

    async def find_repeats(
        self, evaluation: ResolvedEvaluation, question: RepeatQuestion
    ) -> tuple[ResolvedEvaluation, RepeatRows]:
        """The figures of repeated logs, with the evaluation at the same time. Raises NotFound."""
        ...

    async def rank_runs(
        self, evaluation: ResolvedEvaluation, question: RankingQuestion
    ) -> tuple[ResolvedEvaluation, RankingRows]:
        """The ranks of runs, with the evaluation at the same time. Raises NotFound."""
        ...

    async def find_failures(
        self, evaluation: ResolvedEvaluation, question: FailureQuestion
    ) -> tuple[ResolvedEvaluation, FailureRows]:
        """The failing logs in groups, with the evaluation at the same time. Raises NotFound."""
        ...

    async def compare_groups(
        self, evaluation: ResolvedEvaluation, question: GroupedComparisonQuestion
    ) -> tuple[ResolvedEvaluation, GroupedComparison]:
        """A comparison in groups, with the evaluation at the same time. Raises NotFound and Invalid."""
        ...

    async def find_run_figures(
        self, evaluation: ResolvedEvaluation, question: RunFiguresQuestion
    ) -> tuple[ResolvedEvaluation, ChosenRunFigures]:
        """Figures of runs over some logs, with the evaluation at the same time. Raises NotFound and Invalid."""
        ...

    async def find_log_ids(self, beginning: str, *, limit: int = 20) -> list[str]:
        """Ids of logs with this prefix, newest first."""
        ...

    async def find_datapoint_ids(self, evaluation_id: str, beginning: str, *, limit: int = 20) -> list[str]:
        """Ids of datapoints in an evaluation's datasets with this prefix. Raises NotFound."""
        ...

    async def find_fields(self, evaluation_id: str) -> FieldRows:
        """The fields that an evaluation's datapoints have. Raises NotFound."""
        ...

    async def get_datapoint(self, id: str) -> DatapointContent:
        """A datapoint, whole. Raises NotFound."""
        ...


class ServerMirror(Protocol):
    """A copy of a server without our routes."""

    def reading(self, progress: Progress | None = None) -> RowSource:
        """The source of rows for one call. `progress` is called while logs are read."""
        ...

    def changed(self, evaluation_id: str, run_id: str) -> None:
        """Read a run again for the next question, after a write to it."""
        ...
