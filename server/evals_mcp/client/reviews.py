"""Our extension of the API: rows that answer a reviewer's questions, for servers that have it."""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import TypeAdapter

from evals_mcp.client.connection import Connection
from evals_mcp.client.urls import Query
from evals_mcp.errors import Invalid
from evals_mcp.models.agreement import AgreementRows
from evals_mcp.models.comparisons import Comparisons
from evals_mcp.models.failures import FailureRows
from evals_mcp.models.field_rows import FieldRows
from evals_mcp.models.groups import ChosenRunFigures, GroupedComparison, GroupedComparisonQuestion, RunFiguresQuestion
from evals_mcp.models.model import Model
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
from evals_mcp.models.resolved import ResolvedEvaluation, resolve
from evals_mcp.models.rows import (
    CurrentRows,
    DatapointContent,
    DatapointRows,
    EvaluationRows,
    FoundIds,
    KnownOverview,
    LogRows,
)
from evals_mcp.models.sql import SqlQuestion, SqlRows

_EVALUATIONS = TypeAdapter(EvaluationRows)
_OVERVIEW = TypeAdapter(KnownOverview)
_LOGS = TypeAdapter(LogRows)
_DATAPOINTS = TypeAdapter(DatapointRows)
_DATAPOINT = TypeAdapter(DatapointContent)
_IDS = TypeAdapter(FoundIds)
_AGREEMENT = TypeAdapter(AgreementRows)
_FAILURES = TypeAdapter(FailureRows)
_RELATIONS = TypeAdapter(RelationRows)
_REPEATS = TypeAdapter(RepeatRows)
_RANKING = TypeAdapter(RankingRows)
_FIELDS = TypeAdapter(FieldRows)
_COMPARISONS = TypeAdapter(Comparisons)
_SQL_ROWS = TypeAdapter(SqlRows)
_GROUPED_COMPARISON = TypeAdapter(GroupedComparison)
_RUN_FIGURES = TypeAdapter(ChosenRunFigures)
_PATH = ("review", "evaluations")
_KEPT = 16

Rows = TypeVar("Rows", bound=CurrentRows)


class Reviews:
    """Answers to a reviewer's questions, each with the evaluation at the same time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, tuple[object, ResolvedEvaluation]] = {}

    async def list_evaluations(
        self, text: str | None = None, *, limit: int = 20, offset: int = 0, following: Sequence[int] | None = None
    ) -> EvaluationRows:
        """Fetch evaluations by name, file or evaluator, last changed first. A server of 0.1.0 counts by the offset."""
        query: Query = {"text": text, "limit": limit, "offset": offset, "following": following}
        return await self._connection.get(_PATH, _EVALUATIONS, query)

    async def get_evaluation(self, word: str) -> ResolvedEvaluation:
        """Fetch an evaluation by id, unique name or file. Raises NotFound.

        Reuses the last result until the server, or the database file, has changed.
        """
        version = self._connection.data_version()
        known_version, known = self._known.get(word, (None, None))
        if known is not None and version is not None and version == known_version:
            return known
        query: Query = {"known": None if known is None else known.token, "word": word}
        answer = await self._connection.get((*_PATH, "overview"), _OVERVIEW, query)
        if answer.overview is not None or known is None:
            assert answer.overview is not None
            known = resolve(answer.overview, answer.token)
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[word] = (version, known)
        return known

    async def find_logs(
        self, evaluation: ResolvedEvaluation, question: LogQuestion
    ) -> tuple[ResolvedEvaluation, LogRows]:
        """Fetch the logs for a question. Raises NotFound."""
        return await self._ask(evaluation, "logs", question, _LOGS)

    async def find_datapoints(
        self, evaluation: ResolvedEvaluation, question: DatapointQuestion
    ) -> tuple[ResolvedEvaluation, DatapointRows]:
        """Fetch the datapoints for a question. Raises NotFound.

        A server of 0.1.0 knows only `offset`, and then counts from the beginning of the list as it is.
        """
        return await self._ask_page(evaluation, "datapoints", question, _DATAPOINTS)

    async def compare_runs(
        self, evaluation: ResolvedEvaluation, question: ComparisonQuestion
    ) -> tuple[ResolvedEvaluation, Comparisons]:
        """Fetch the comparison for a question. Raises NotFound. For a server of 0.1.0 see `find_datapoints`."""
        return await self._ask_page(evaluation, "comparison", question, _COMPARISONS)

    async def query(self, evaluation: ResolvedEvaluation, question: SqlQuestion) -> tuple[ResolvedEvaluation, SqlRows]:
        """Fetch the rows of a SELECT. Raises NotFound and Invalid."""
        return await self._ask(evaluation, "query", question, _SQL_ROWS)

    async def find_agreement(
        self, evaluation: ResolvedEvaluation, question: AgreementQuestion
    ) -> tuple[ResolvedEvaluation, AgreementRows]:
        """Fetch how evaluators agree. Raises NotFound."""
        return await self._ask(evaluation, "agreement", question, _AGREEMENT)

    async def find_relations(
        self, evaluation: ResolvedEvaluation, question: RelationQuestion
    ) -> tuple[ResolvedEvaluation, RelationRows]:
        """Fetch how judgments relate to other numbers. Raises NotFound."""
        return await self._ask(evaluation, "relations", question, _RELATIONS)

    async def find_repeats(
        self, evaluation: ResolvedEvaluation, question: RepeatQuestion
    ) -> tuple[ResolvedEvaluation, RepeatRows]:
        """Fetch the figures of repeated logs. Raises NotFound."""
        return await self._ask(evaluation, "repeats", question, _REPEATS)

    async def rank_runs(
        self, evaluation: ResolvedEvaluation, question: RankingQuestion
    ) -> tuple[ResolvedEvaluation, RankingRows]:
        """Fetch the ranks of runs. Raises NotFound."""
        return await self._ask(evaluation, "ranking", question, _RANKING)

    async def find_failures(
        self, evaluation: ResolvedEvaluation, question: FailureQuestion
    ) -> tuple[ResolvedEvaluation, FailureRows]:
        """Fetch the failing logs in groups. Raises NotFound."""
        return await self._ask(evaluation, "failures", question, _FAILURES)

    async def compare_groups(
        self, evaluation: ResolvedEvaluation, question: GroupedComparisonQuestion
    ) -> tuple[ResolvedEvaluation, GroupedComparison]:
        """Fetch a comparison in groups of datapoints. Raises NotFound and Invalid."""
        return await self._ask(evaluation, "grouped-comparison", question, _GROUPED_COMPARISON)

    async def find_run_figures(
        self, evaluation: ResolvedEvaluation, question: RunFiguresQuestion
    ) -> tuple[ResolvedEvaluation, ChosenRunFigures]:
        """Fetch figures of runs over some logs. Raises NotFound and Invalid."""
        return await self._ask(evaluation, "run-figures", question, _RUN_FIGURES)

    async def find_log_ids(self, beginning: str, *, limit: int = 20) -> list[str]:
        """Fetch ids of logs with this prefix, newest first."""
        query: Query = {"beginning": beginning, "limit": limit}
        return (await self._connection.get(("review", "logs", "ids"), _IDS, query)).ids

    async def find_datapoint_ids(self, evaluation_id: str, beginning: str, *, limit: int = 20) -> list[str]:
        """Fetch ids of datapoints in an evaluation's datasets with this prefix. Raises NotFound."""
        query: Query = {"beginning": beginning, "limit": limit}
        return (await self._connection.get((*_PATH, evaluation_id, "datapoint-ids"), _IDS, query)).ids

    async def find_fields(self, evaluation_id: str) -> FieldRows:
        """Fetch the fields that an evaluation's datapoints have. Raises NotFound."""
        return await self._connection.get((*_PATH, evaluation_id, "fields"), _FIELDS)

    async def get_datapoint(self, id: str) -> DatapointContent:
        """Fetch a datapoint, whole. Raises NotFound."""
        return await self._connection.get(("review", "datapoints", id), _DATAPOINT)

    async def _ask_page(
        self,
        evaluation: ResolvedEvaluation,
        what: str,
        question: DatapointQuestion | ComparisonQuestion,
        answer: TypeAdapter[Rows],
    ) -> tuple[ResolvedEvaluation, Rows]:
        try:
            return await self._ask(evaluation, what, question, answer)
        except Invalid as error:
            if question.following is None or "following" not in str(error):
                raise
        return await self._ask(evaluation, what, question.model_copy(update={"following": None}), answer)

    async def _ask(
        self, evaluation: ResolvedEvaluation, what: str, question: Model, answer: TypeAdapter[Rows]
    ) -> tuple[ResolvedEvaluation, Rows]:
        path = (*_PATH, evaluation.id, what)
        query: Query = {"known": evaluation.token}
        rows = await self._connection.send("POST", path, answer, question, query, reads=True)
        if rows.newest is not None and rows.newest.overview is not None:
            # It changed after it was resolved. The question names runs by id, so its rows are valid.
            evaluation = resolve(rows.newest.overview, rows.newest.token, evaluation.notes)
        return evaluation, rows
