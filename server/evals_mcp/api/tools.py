"""Routes of tools: upsert, log, and what every type of file has."""

from typing import Any

from fastapi import APIRouter

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.file_routes import add_file_routes, change_of
from evals_mcp.api.log_places import log_place
from evals_mcp.api.queries import Environment, VersionId
from evals_mcp.models.log_requests import CreateToolLogResponse, ToolLogRequest
from evals_mcp.models.tools import ListTools, ToolRequest, ToolResponse

router = APIRouter(prefix="/tools", tags=["tools"])


@router.post("", response_model=ToolResponse)
def upsert_tool(store: CurrentStore, request: ToolRequest) -> Any:
    """Create a tool or a version of it; the same content gives the same version."""
    target = request.target()
    return store.files.upsert(
        "tool",
        target.value if target.by == "id" else None,
        target.value if target.by == "path" else None,
        request.kernel(),
        change_of(request),
    )


@router.post("/log")
def log_tool(
    store: CurrentStore, request: ToolLogRequest, version_id: VersionId = None, environment: Environment = None
) -> CreateToolLogResponse:
    """Log one call of a tool."""
    place = log_place(request, request.tool, version_id, environment)
    created = store.logs.create("tool", place, request.given())
    return CreateToolLogResponse(id=created.id, tool_id=created.file_id, version_id=created.version_id)


add_file_routes(router, "tool", ToolResponse, ListTools)
