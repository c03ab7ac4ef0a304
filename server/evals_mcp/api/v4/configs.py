"""Routes of v4 model configs, which are versions of prompts."""

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.v4.config_requests import prompt_content
from evals_mcp.api.v4.config_responses import config_response, project_config_response
from evals_mcp.models.v4.configs import V4ConfigResponse
from evals_mcp.models.v4.projects import V4ProjectConfigRequest, V4ProjectConfigResponse
from evals_mcp.store.files.files import FileChange

router = PrefixedRouter(prefix="/model-configs", tags=["v4 projects"])


@router.post("", response_model_exclude_none=True)
def register_v4_config(store: CurrentStore, request: V4ProjectConfigRequest) -> V4ProjectConfigResponse:
    """Register a config in a project. The same config is one version. A project that is named may be new."""
    change = FileChange(version_name=request.name, version_description=request.description)
    content = prompt_content(request)
    return project_config_response(store.projects.register(request.project_id, request.project, content, change))


@router.get("/{id}", response_model_exclude_none=True)
def get_v4_config(store: CurrentStore, id: str) -> V4ConfigResponse:
    """Get a config."""
    return config_response(store.projects.config(id))
