"""Routes of tools: upsert, log, and the routes of all file types."""

from typing import Any

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.acts import CurrentAct
from evals_mcp.api.routes.file_routes import add_file_routes, upsert_file
from evals_mcp.api.routes.log_writes import create_log, log_target, update_log
from evals_mcp.api.routes.parameters import Environment, VersionId
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.errors import Invalid
from evals_mcp.models.log_requests import CreateToolLogResponse, ToolLogRequest, UpdateToolLogRequest
from evals_mcp.models.logs import ToolLogResponse
from evals_mcp.models.tools import EnvironmentVariable, ListTools, ToolRequest, ToolResponse

router = PrefixedRouter(prefix="/tools", tags=["tools"])


@router.post("", response_model=ToolResponse)
def upsert_tool(store: CurrentStore, request: ToolRequest) -> Any:
    """Create a tool or a new version of it. The same content gives the same version."""
    kernel = request.kernel()
    return upsert_file(store, "tool", request, {**kernel, "tool_type": request.tool_type}, identity=kernel)


@router.post("/log")
def log_tool(
    store: CurrentStore,
    runner: CurrentRunner,
    act: CurrentAct,
    request: ToolLogRequest,
    version_id: VersionId = None,
    environment: Environment = None,
) -> CreateToolLogResponse:
    """Log one call of a tool."""
    target = log_target(request, request.tool, version_id, environment)
    created = create_log(store, runner, act, "tool", target, request)
    return CreateToolLogResponse(id=created.id, tool_id=created.file_id, version_id=created.version_id)


@router.patch("/{id}/log/{log_id:path}", response_model=ToolLogResponse)
def update_tool_log(
    store: CurrentStore, runner: CurrentRunner, act: CurrentAct, id: str, log_id: str, request: UpdateToolLogRequest
) -> Any:
    """Change the given fields of a log of a tool."""
    return update_log(store, runner, act, "tool", log_id, request, id)


@router.post("/call", response_model=None)
def call_tool() -> None:
    """Answer 400: this server does not run tools."""
    raise Invalid("This server cannot run tools yet. Run the tool yourself and post its output to /tools/log.")


@router.get("/{id}/environment-variables")
def get_environment_variables(store: CurrentStore, id: str) -> list[EnvironmentVariable]:
    """List the environment variables of a tool."""
    return store.environment_variables.all(id)


@router.post("/{id}/environment-variables")
def add_environment_variables(
    store: CurrentStore, id: str, request: list[EnvironmentVariable]
) -> list[EnvironmentVariable]:
    """Add or change environment variables of a tool, and return all of them."""
    return store.environment_variables.add(id, request)


@router.delete("/{id}/environment-variables/{name}")
def delete_environment_variable(store: CurrentStore, id: str, name: str) -> list[EnvironmentVariable]:
    """Delete an environment variable of a tool, and return the others."""
    return store.environment_variables.delete(id, name)


add_file_routes(router, "tool", ToolResponse, ListTools)
