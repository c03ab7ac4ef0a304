"""Routes of evaluators: upsert, log a judgment, and the routes of all file types."""

from typing import Any

from evals_mcp.api.access import CurrentPerson, CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.acts import CurrentAct
from evals_mcp.api.routes.file_routes import add_file_routes, upsert_file
from evals_mcp.api.routes.parameters import Environment, VersionId
from evals_mcp.models.evaluators import EvaluatorRequest, EvaluatorResponse, ListEvaluators
from evals_mcp.models.log_requests import CreateEvaluatorLogResponse, EvaluatorLogRequest
from evals_mcp.store.logs.logs import LogTarget

router = PrefixedRouter(prefix="/evaluators", tags=["evaluators"])


@router.post("", response_model=EvaluatorResponse)
def upsert_evaluator(store: CurrentStore, request: EvaluatorRequest) -> Any:
    """Create an evaluator or a new version of it. The same specification gives the same version."""
    return upsert_file(store, "evaluator", request, {"spec": request.kernel()})


@router.post("/log")
def log_evaluator(
    store: CurrentStore,
    person: CurrentPerson,
    act: CurrentAct,
    request: EvaluatorLogRequest,
    version_id: VersionId = None,
    environment: Environment = None,
) -> CreateEvaluatorLogResponse:
    """Log a judgment of a log. A null judgment is an abstention; an error is a failed judgment.

    `user` is the author; without one, a human or external judgment is that of the API key's person. Each author's
    newest judgment of a log counts.
    """
    kernel = None if request.spec is None else {"spec": request.spec.kernel()}
    target = LogTarget(request.id, request.path, version_id, environment, kernel)
    created = store.logs.create_judgment(target, request.parent_id, request.given(), person, act)
    return CreateEvaluatorLogResponse(id=created.id, parent_id=request.parent_id, version_id=created.version_id)


add_file_routes(router, "evaluator", EvaluatorResponse, ListEvaluators)
