"""Routes of prompts: upsert, log, and what every type of file has."""

from typing import Any

from fastapi import APIRouter

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.file_routes import add_file_routes, change_of
from evals_mcp.api.log_places import log_place
from evals_mcp.api.queries import Environment, VersionId
from evals_mcp.models.log_requests import CreatePromptLogResponse, PromptLogRequest
from evals_mcp.models.prompts import ListPrompts, PromptRequest, PromptResponse

router = APIRouter(prefix="/prompts", tags=["prompts"])


@router.post("", response_model=PromptResponse)
def upsert_prompt(store: CurrentStore, request: PromptRequest) -> Any:
    """Create a prompt or a version of it; the same content gives the same version."""
    target = request.target()
    return store.files.upsert(
        "prompt",
        target.value if target.by == "id" else None,
        target.value if target.by == "path" else None,
        request.kernel(),
        change_of(request),
    )


@router.post("/log")
def log_prompt(
    store: CurrentStore, request: PromptLogRequest, version_id: VersionId = None, environment: Environment = None
) -> CreatePromptLogResponse:
    """Log one call of a prompt."""
    place = log_place(request, request.prompt, version_id, environment)
    created = store.logs.create("prompt", place, request.given(), request.run_id)
    return CreatePromptLogResponse(id=created.id, prompt_id=created.file_id, version_id=created.version_id)


add_file_routes(router, "prompt", PromptResponse, ListPrompts)
