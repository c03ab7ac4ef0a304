"""Routes of v4 projects, which are our files. Only their evaluations are supported."""

from fastapi import APIRouter

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.api.v4.evaluation_responses import evaluation_response
from evals_mcp.api.v4.queries import Evaluatee
from evals_mcp.models.v4.evaluations import V4CreateEvaluationRequest, V4EvaluationResponse

router = APIRouter(prefix="/projects", tags=["v4 evaluations"])


# File paths contain slashes, and servers unescape them before routing.
@router.get("/{project_id:path}/evaluations", deprecated=True, response_model_exclude_none=True)
def list_all_v4_evaluations(
    store: CurrentStore, project_id: str, evaluatee_id: Evaluatee = None, evaluator_aggregates: bool = False
) -> list[V4EvaluationResponse]:
    """List all evaluations of a file, newest first."""
    found = store.evaluated_runs.all(project_id, evaluatee_id, means=evaluator_aggregates)
    return [evaluation_response(item) for item in found]


@router.post("/{project_id:path}/evaluations", status_code=201, response_model_exclude_none=True)
def create_v4_evaluation(
    store: CurrentStore, runner: CurrentRunner, project_id: str, request: V4CreateEvaluationRequest
) -> V4EvaluationResponse:
    """Create an evaluation of a version of a file. It is pending if the caller logs the generations."""
    created = store.evaluated_runs.create(
        project_id,
        request.config_id,
        request.dataset_id,
        request.evaluator_ids,
        name=request.name,
        orchestrated=request.hl_generated,
    )
    runner.wake(store, store.runs.ids(created.evaluation_id))
    return evaluation_response(created)
