"""Our extension of the API: narrow rows for reviews. It uses POST because questions do not fit into a query string."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

from fastapi import Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from evals_mcp.api.access import ReadStore
from evals_mcp.api.prefixed import PrefixedRouter
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
from evals_mcp.models.rows import DatapointContent, DatapointRows, EvaluationRows, FoundIds, KnownOverview, LogRows
from evals_mcp.models.sql import SqlQuestion, SqlRows

router = PrefixedRouter(prefix="/review/evaluations", tags=["review (extension)"])
logs_router = PrefixedRouter(prefix="/review/logs", tags=["review (extension)"])
datapoints_router = PrefixedRouter(prefix="/review/datapoints", tags=["review (extension)"])

Beginning = Annotated[str, Query(min_length=1, max_length=500, description="Prefix of the ids.")]
Known = Annotated[
    str | None, Query(description="Token of the caller's overview. If it is older, the answer has the newest.")
]
FoundLimit = Annotated[int, Query(ge=1, le=1000)]
Place = Annotated[int, Field(ge=0, le=2**57)]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def _run_read(
    request: Request, read: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Run a read that takes milliseconds. The embedded API needs no thread: its only caller would wait for it."""
    if request.app.state.is_embedded:
        return read(*args, **kwargs)
    return await run_in_threadpool(read, *args, **kwargs)


@router.get("")
async def list_evaluations(
    request: Request,
    store: ReadStore,
    text: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    following: Annotated[list[Place] | None, Query(min_length=2, max_length=2)] = None,
) -> EvaluationRows:
    """List evaluations by name, file or evaluator, most recently changed first, `following` one of `after`."""
    return await _run_read(request, store.overviews.list_evaluations, text, limit, offset, following)


@router.get("/overview")
async def get_overview(
    request: Request,
    store: ReadStore,
    word: Annotated[str, Query(description="Its id, or a unique name or file path.")],
    known: Annotated[str | None, Query(description="Token of the caller's overview.")] = None,
) -> KnownOverview:
    """Get an evaluation by id, unique name or file, with its evaluators, runs and statistics."""
    return await _run_read(request, store.overviews.get, word, known)


@router.post("/{id}/logs")
async def find_logs(request: Request, store: ReadStore, id: str, question: LogQuestion, known: Known = None) -> LogRows:
    """Get filtered and sorted logs of an evaluation. Read-only."""
    return await _run_read(request, store.log_questions.answer, id, question, known)


@router.post("/{id}/datapoints")
async def find_datapoints(
    request: Request, store: ReadStore, id: str, question: DatapointQuestion, known: Known = None
) -> DatapointRows:
    """Get datapoints with their logs and judgments in the chosen runs. Read-only."""
    return await _run_read(request, store.datapoint_questions.answer, id, question, known)


@router.post("/{id}/comparison")
def compare_runs(store: ReadStore, id: str, question: ComparisonQuestion, known: Known = None) -> Comparisons:
    """Compare runs of an evaluation, and get the datapoints behind the differences. Read-only."""
    return store.comparison_questions.answer(id, question, known)


@router.post("/{id}/query")
async def query(request: Request, store: ReadStore, id: str, question: SqlQuestion, known: Known = None) -> SqlRows:
    """Get the rows of one SELECT over the views of an evaluation. Read-only, and at most 5 seconds."""
    read: Callable[[], SqlRows] = partial(store.sql_questions.answer, id, question, known)
    if request.app.state.is_embedded:
        # To start a thread costs more than most questions.
        rows = store.sql_questions.answer_briefly(id, question, known)
        if isinstance(rows, SqlRows):
            return rows
        read = rows
    return await run_in_threadpool(read)


@router.post("/{id}/agreement")
def find_agreement(store: ReadStore, id: str, question: AgreementQuestion, known: Known = None) -> AgreementRows:
    """Compare the evaluators of an evaluation on the logs that they judged. Read-only."""
    return store.agreement_questions.answer(id, question, known)


@router.post("/{id}/relations")
def find_relations(store: ReadStore, id: str, question: RelationQuestion, known: Known = None) -> RelationRows:
    """Relate judgments to each other and to latency, cost, tokens and length. Read-only."""
    return store.relation_questions.answer(id, question, known)


@router.post("/{id}/repeats")
def find_repeats(store: ReadStore, id: str, question: RepeatQuestion, known: Known = None) -> RepeatRows:
    """Describe datapoints with several logs in a run. Read-only."""
    return store.repeat_questions.answer(id, question, known)


@router.post("/{id}/ranking")
def rank_runs(store: ReadStore, id: str, question: RankingQuestion, known: Known = None) -> RankingRows:
    """Rank the runs of an evaluation, with a paired test for each pair of them. Read-only."""
    return store.ranking_questions.answer(id, question, known)


@router.post("/{id}/failures")
def find_failures(store: ReadStore, id: str, question: FailureQuestion, known: Known = None) -> FailureRows:
    """Group failing logs by explanations, notes, errors and inputs. Read-only."""
    return store.failure_questions.answer(id, question, known)


@router.post("/{id}/grouped-comparison")
def compare_groups(
    store: ReadStore, id: str, question: GroupedComparisonQuestion, known: Known = None
) -> GroupedComparison:
    """Compare runs of an evaluation in groups of datapoints. Read-only."""
    return store.grouped_comparison_questions.answer(id, question, known)


@router.post("/{id}/run-figures")
def find_run_figures(store: ReadStore, id: str, question: RunFiguresQuestion, known: Known = None) -> ChosenRunFigures:
    """Get the figures of runs over the logs that meet a filter, in groups if asked. Read-only."""
    return store.run_figures_questions.answer(id, question, known)


@router.get("/{id}/datapoint-ids")
async def find_datapoint_ids(
    request: Request, store: ReadStore, id: str, beginning: Beginning, limit: FoundLimit = 20
) -> FoundIds:
    """Find ids of datapoints in an evaluation's datasets by prefix."""
    return await _run_read(request, store.id_prefixes.find_datapoints, id, beginning, limit)


@router.get("/{id}/fields")
def find_fields(store: ReadStore, id: str) -> FieldRows:
    """Get the fields that the datapoints of an evaluation have, with their most frequent values."""
    return store.field_questions.answer(id)


@datapoints_router.get("/{id}")
async def get_datapoint(request: Request, store: ReadStore, id: str) -> DatapointContent:
    """Get a datapoint by id, with its target."""
    return await _run_read(request, store.datapoint_questions.read, id)


@logs_router.get("/ids")
async def find_log_ids(request: Request, store: ReadStore, beginning: Beginning, limit: FoundLimit = 20) -> FoundIds:
    """Find ids of logs by prefix, newest first."""
    return await _run_read(request, store.id_prefixes.find_logs, beginning, limit)
