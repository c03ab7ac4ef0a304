"""Routes of prompts: upsert, log, and the routes of all file types."""

from typing import Any

from fastapi.responses import PlainTextResponse

from evals_mcp.api.access import CurrentStore, ReadStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.acts import CurrentAct
from evals_mcp.api.routes.file_routes import add_file_routes, upsert_file
from evals_mcp.api.routes.log_writes import create_log, log_target, read_kernel, update_log
from evals_mcp.api.routes.parameters import Environment, VersionId
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.errors import Invalid
from evals_mcp.models.kernels import PromptKernelRequest
from evals_mcp.models.log_requests import CreatePromptLogResponse, PromptLogRequest, UpdatePromptLogRequest
from evals_mcp.models.logs import PromptLogResponse
from evals_mcp.models.prompts import (
    DeserializePromptRequest,
    ListPrompts,
    PopulateTemplateResponse,
    PromptRequest,
    PromptResponse,
)
from evals_mcp.prompt_files import write_prompt_file
from evals_mcp.store.files.templates import fill_template

router = PrefixedRouter(prefix="/prompts", tags=["prompts"])


@router.post("", response_model=PromptResponse)
def upsert_prompt(store: CurrentStore, request: PromptRequest) -> Any:
    """Create a prompt or a new version of it. The same content gives the same version."""
    return upsert_file(store, "prompt", request, request.kernel())


@router.post("/log")
def log_prompt(
    store: CurrentStore,
    runner: CurrentRunner,
    act: CurrentAct,
    request: PromptLogRequest,
    version_id: VersionId = None,
    environment: Environment = None,
) -> CreatePromptLogResponse:
    """Log one call of a prompt."""
    kernel = read_kernel(PromptKernelRequest, request.prompt, "prompt")
    target = log_target(request, kernel, version_id, environment)
    created = create_log(store, runner, act, "prompt", target, request, request.run_id)
    return CreatePromptLogResponse(id=created.id, prompt_id=created.file_id, version_id=created.version_id)


@router.patch("/{id}/log/{log_id:path}", response_model=PromptLogResponse)
def update_prompt_log(
    store: CurrentStore, runner: CurrentRunner, act: CurrentAct, id: str, log_id: str, request: UpdatePromptLogRequest
) -> Any:
    """Change the given fields of a log of a prompt."""
    return update_log(store, runner, act, "prompt", log_id, request, id)


@router.post("/call", response_model=None)
def call_prompt() -> None:
    """Answer 400: this server does not call models."""
    raise Invalid("This server cannot call models yet. Call the model yourself and post its output to /prompts/log.")


@router.get("/{id}/serialize", response_class=PlainTextResponse)
def serialize_prompt(
    store: CurrentStore, id: str, version_id: VersionId = None, environment: Environment = None
) -> str:
    """Get a version as the text of a `.prompt` file."""
    return write_prompt_file(store.files.content("prompt", id, version_id, environment))


@router.post("/deserialize", response_model_exclude_none=True)
def deserialize_prompt(request: DeserializePromptRequest) -> PromptKernelRequest:
    """Parse the text of a `.prompt` file without storing it."""
    kernel = read_kernel(PromptKernelRequest, request.prompt, "prompt")
    assert kernel is not None
    return kernel


@router.post("/{id}/populate", response_model=PopulateTemplateResponse)
def populate_prompt(
    store: ReadStore,
    id: str,
    request: dict[str, Any],
    version_id: VersionId = None,
    environment: Environment = None,
) -> Any:
    """Get a version with its template's variables replaced by these inputs."""
    prompt = store.files.get("prompt", id, version_id, environment)
    content = store.files.content("prompt", id, prompt.version_id)
    return {**prompt.model_dump(), "populated_template": fill_template(content, request)}


add_file_routes(router, "prompt", PromptResponse, ListPrompts)
