"""Routes of agents: upsert, log, and what every type of file has."""

from typing import Any

from fastapi import APIRouter

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.file_routes import add_file_routes, change_of
from evals_mcp.api.log_places import log_place
from evals_mcp.api.queries import Environment, VersionId
from evals_mcp.models.agents import AgentRequest, AgentResponse, ListAgents
from evals_mcp.models.log_requests import AgentLogRequest, CreateAgentLogResponse

router = APIRouter(prefix="/agents", tags=["agents"])


@router.post("", response_model=AgentResponse)
def upsert_agent(store: CurrentStore, request: AgentRequest) -> Any:
    """Create a agent or a version of it; the same content gives the same version."""
    target = request.target()
    return store.files.upsert(
        "agent",
        target.value if target.by == "id" else None,
        target.value if target.by == "path" else None,
        request.kernel(),
        change_of(request),
    )


@router.post("/log")
def log_agent(
    store: CurrentStore, request: AgentLogRequest, version_id: VersionId = None, environment: Environment = None
) -> CreateAgentLogResponse:
    """Log one call of a agent."""
    place = log_place(request, request.agent, version_id, environment)
    created = store.logs.create("agent", place, request.given(), request.run_id)
    return CreateAgentLogResponse(
        id=created.id, agent_id=created.file_id, version_id=created.version_id, log_status=created.log_status
    )


add_file_routes(router, "agent", AgentResponse, ListAgents)
