"""Routes of v4 evaluators."""

from typing import Any

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.v4.config_requests import evaluator_content
from evals_mcp.api.v4.config_responses import evaluator_response
from evals_mcp.models.v4.datasets import V4CreateEvaluatorRequest
from evals_mcp.models.v4.evaluations import V4EvaluatorResponse
from evals_mcp.store.files.files import FileChange

router = PrefixedRouter(prefix="/evaluators", tags=["v4 evaluators"])


@router.get("", response_model_exclude_none=True)
def list_v4_evaluators(store: CurrentStore) -> list[V4EvaluatorResponse]:
    """List the 1,000 newest evaluators."""
    found: list[Any] = list(store.files.page(types=["evaluator"], size=1000).records)
    return [evaluator_response(item) for item in found]


@router.post("", status_code=201, response_model_exclude_none=True)
def create_v4_evaluator(store: CurrentStore, request: V4CreateEvaluatorRequest) -> V4EvaluatorResponse:
    """Create an evaluator, or a version of the one with this name."""
    change = FileChange(description=request.description)
    made: Any = store.files.upsert("evaluator", None, request.name, evaluator_content(request), change)
    return evaluator_response(made)


@router.get("/{id}", response_model_exclude_none=True)
def get_v4_evaluator(store: CurrentStore, id: str) -> V4EvaluatorResponse:
    """Get an evaluator."""
    found: Any = store.files.get("evaluator", id)
    return evaluator_response(found)
