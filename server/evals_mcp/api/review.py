"""Our own extension of the API: narrow rows for reviews. POST, because a question does not fit a query string."""

from typing import Annotated

from fastapi import APIRouter, Query

from evals_mcp.api.access import CurrentStore, ReadStore
from evals_mcp.models.review import (
    DatapointQuestion,
    DatapointRows,
    EvaluationRows,
    KnownOverview,
    LogQuestion,
    LogRows,
)

router = APIRouter(prefix="/review/evaluations", tags=["review (extension)"])


@router.get("")
def list_evaluations(
    store: CurrentStore,
    text: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> EvaluationRows:
    """List evaluations by name, file or evaluator, the last changed first."""
    return store.review_overviews.list_evaluations(text, limit, offset)


@router.get("/overview")
def get_overview(
    store: CurrentStore,
    word: Annotated[str, Query(description="Its id, or a name or file path that only it has.")],
    known: Annotated[str | None, Query(description="Token of the overview that the caller has.")] = None,
) -> KnownOverview:
    """Get an evaluation by id, or by a name or file that only it has, with its evaluators, runs and statistics."""
    return store.review_overviews.get(word, known)


@router.post("/{id}/logs")
def find_logs(store: ReadStore, id: str, question: LogQuestion) -> LogRows:
    """Get filtered and sorted logs of an evaluation. It only reads."""
    return store.review_logs.get(id, question)


@router.post("/{id}/datapoints")
def find_datapoints(store: ReadStore, id: str, question: DatapointQuestion) -> DatapointRows:
    """Get datapoints with their logs and judgments in chosen runs. It only reads."""
    return store.review_datapoints.get(id, question)
