"""Routes of flows: upsert, log, and the routes of all file types."""

from typing import Any

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.acts import CurrentAct
from evals_mcp.api.routes.file_routes import add_file_routes, upsert_file
from evals_mcp.api.routes.log_writes import create_log, log_target, update_log
from evals_mcp.api.routes.parameters import Environment, VersionId
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.models.flows import FlowRequest, FlowResponse, ListFlows
from evals_mcp.models.log_requests import CreateFlowLogResponse, FlowLogRequest, UpdateFlowLogRequest
from evals_mcp.models.logs import FlowLogResponse

router = PrefixedRouter(prefix="/flows", tags=["flows"])


@router.post("", response_model=FlowResponse)
def upsert_flow(store: CurrentStore, request: FlowRequest) -> Any:
    """Create a flow or a new version of it. The same content gives the same version."""
    return upsert_file(store, "flow", request, request.kernel())


@router.post("/log")
def log_flow(
    store: CurrentStore,
    runner: CurrentRunner,
    act: CurrentAct,
    request: FlowLogRequest,
    version_id: VersionId = None,
    environment: Environment = None,
) -> CreateFlowLogResponse:
    """Log one call of a flow."""
    target = log_target(request, request.flow, version_id, environment)
    created = create_log(store, runner, act, "flow", target, request, request.run_id)
    return CreateFlowLogResponse(
        id=created.id,
        flow_id=created.file_id,
        version_id=created.version_id,
        log_status=created.log_status,
        trace_status=created.log_status,
    )


@router.patch("/logs/{log_id:path}", response_model=FlowLogResponse)
def update_flow_log(
    store: CurrentStore, runner: CurrentRunner, act: CurrentAct, log_id: str, request: UpdateFlowLogRequest
) -> Any:
    """Change or complete a log of a flow. A complete log cannot change."""
    return update_log(store, runner, act, "flow", log_id, request)


add_file_routes(router, "flow", FlowResponse, ListFlows)
