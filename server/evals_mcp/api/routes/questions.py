"""Our own extension of the API: narrow rows for reviews. POST, because a question does not fit a query string."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from evals_mcp.api.access import ReadStore
from evals_mcp.api.routes.run_read import run_read
from evals_mcp.models.comparisons import ComparisonQuestion, Comparisons
from evals_mcp.models.review import (
    DatapointQuestion,
    DatapointRows,
    EvaluationRows,
    FoundIds,
    KnownOverview,
    LogQuestion,
    LogRows,
)

router = APIRouter(prefix="/review/evaluations", tags=["review (extension)"])
logs_router = APIRouter(prefix="/review/logs", tags=["review (extension)"])

Beginning = Annotated[str, Query(min_length=1, max_length=500, description="How the ids begin.")]
Known = Annotated[
    str | None, Query(description="Token of the overview the question was made for; 412 if it has changed since.")
]
FoundLimit = Annotated[int, Query(ge=1, le=1000)]


@router.get("")
async def list_evaluations(
    request: Request,
    store: ReadStore,
    text: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> EvaluationRows:
    """List evaluations by name, file or evaluator, the last changed first."""
    return await run_read(request, store.review_overviews.list_evaluations, text, limit, offset)


@router.get("/overview")
async def get_overview(
    request: Request,
    store: ReadStore,
    word: Annotated[str, Query(description="Its id, or a name or file path that only it has.")],
    known: Annotated[str | None, Query(description="Token of the overview that the caller has.")] = None,
) -> KnownOverview:
    """Get an evaluation by id, or by a name or file that only it has, with its evaluators, runs and statistics."""
    return await run_read(request, store.review_overviews.get, word, known)


@router.post("/{id}/logs")
async def find_logs(request: Request, store: ReadStore, id: str, question: LogQuestion, known: Known = None) -> LogRows:
    """Get filtered and sorted logs of an evaluation. It only reads."""
    return await run_read(request, store.review_logs.get, id, question, known)


@router.post("/{id}/datapoints")
async def find_datapoints(
    request: Request, store: ReadStore, id: str, question: DatapointQuestion, known: Known = None
) -> DatapointRows:
    """Get datapoints with their logs and judgments in chosen runs. It only reads."""
    return await run_read(request, store.review_datapoints.get, id, question, known)


@router.post("/{id}/comparison")
def compare_runs(store: ReadStore, id: str, question: ComparisonQuestion, known: Known = None) -> Comparisons:
    """Compare runs of an evaluation, and get the datapoints behind it. It only reads."""
    return store.review_comparisons.get(id, question, known)


@router.get("/{id}/datapoint-ids")
async def find_datapoint_ids(
    request: Request, store: ReadStore, id: str, beginning: Beginning, limit: FoundLimit = 20
) -> FoundIds:
    """Find ids of datapoints in an evaluation's datasets by how they begin."""
    return await run_read(request, store.review_lookups.datapoints, id, beginning, limit)


@logs_router.get("/ids")
async def find_log_ids(request: Request, store: ReadStore, beginning: Beginning, limit: FoundLimit = 20) -> FoundIds:
    """Find ids of logs by how they begin, the newest first."""
    return await run_read(request, store.review_lookups.logs, beginning, limit)
