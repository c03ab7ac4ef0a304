"""Routes of agents: upsert, log, and the routes of all file types."""

from typing import Any

from fastapi.responses import PlainTextResponse

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.acts import CurrentAct
from evals_mcp.api.routes.file_routes import add_file_routes, upsert_file
from evals_mcp.api.routes.log_writes import create_log, log_target, read_kernel, update_log
from evals_mcp.api.routes.parameters import Environment, VersionId
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.errors import Invalid
from evals_mcp.models.agents import AgentRequest, AgentResponse, DeserializeAgentRequest, ListAgents
from evals_mcp.models.kernels import AgentKernelRequest
from evals_mcp.models.log_requests import AgentLogRequest, CreateAgentLogResponse, UpdateFlowLogRequest
from evals_mcp.models.logs import AgentLogResponse
from evals_mcp.prompt_files import write_prompt_file

router = PrefixedRouter(prefix="/agents", tags=["agents"])


@router.post("", response_model=AgentResponse)
def upsert_agent(store: CurrentStore, request: AgentRequest) -> Any:
    """Create an agent or a new version of it. The same content gives the same version."""
    return upsert_file(store, "agent", request, request.kernel())


@router.post("/log")
def log_agent(
    store: CurrentStore,
    runner: CurrentRunner,
    act: CurrentAct,
    request: AgentLogRequest,
    version_id: VersionId = None,
    environment: Environment = None,
) -> CreateAgentLogResponse:
    """Log one call of an agent."""
    kernel = read_kernel(AgentKernelRequest, request.agent, "agent")
    target = log_target(request, kernel, version_id, environment)
    created = create_log(store, runner, act, "agent", target, request, request.run_id)
    return CreateAgentLogResponse(
        id=created.id, agent_id=created.file_id, version_id=created.version_id, log_status=created.log_status
    )


@router.patch("/{id}/log/{log_id:path}", response_model=AgentLogResponse)
def update_agent_log(
    store: CurrentStore, runner: CurrentRunner, act: CurrentAct, id: str, log_id: str, request: UpdateFlowLogRequest
) -> Any:
    """Change the given fields of a log of an agent."""
    return update_log(store, runner, act, "agent", log_id, request, id)


@router.post("/call", response_model=None)
def call_agent() -> None:
    """Answer 400: this server does not run agents."""
    raise Invalid("This server cannot run agents yet. Run the agent yourself and post its output to /agents/log.")


@router.post("/continue", response_model=None)
def continue_agent_call() -> None:
    """Answer 400: this server does not run agents."""
    raise Invalid("This server cannot run agents yet. Run the agent yourself and update its log.")


@router.get("/{id}/serialize", response_class=PlainTextResponse)
def serialize_agent(store: CurrentStore, id: str, version_id: VersionId = None, environment: Environment = None) -> str:
    """Get a version as the text of a `.agent` file."""
    return write_prompt_file(store.files.content("agent", id, version_id, environment))


@router.post("/deserialize", response_model_exclude_none=True)
def deserialize_agent(request: DeserializeAgentRequest) -> AgentKernelRequest:
    """Parse the text of a `.agent` file without storing it."""
    kernel = read_kernel(AgentKernelRequest, request.agent, "agent")
    assert kernel is not None
    return kernel


add_file_routes(router, "agent", AgentResponse, ListAgents)
