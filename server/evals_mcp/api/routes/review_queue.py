"""Our extension of the API: hand out the next log of an evaluation to a reviewer."""

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.models.review_queue import ReviewAnswer, ReviewRequest

router = PrefixedRouter(prefix="/review/evaluations", tags=["review (extension)"])


@router.post("/{id}/next")
def hand_out_next(store: CurrentStore, id: str, request: ReviewRequest) -> ReviewAnswer:
    """Hand the next log to a reviewer for 15 minutes. Who asks again gets the same log, until it has a label."""
    return store.review_queue.next(id, request)
