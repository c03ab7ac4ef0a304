"""Routes of v4 projects, which are our files. Only their evaluations are supported."""

from typing import Annotated

from fastapi import Query

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.parameters import Order, Size, SortBy
from evals_mcp.api.routes.work import CurrentRunner
from evals_mcp.api.v4.config_responses import PROJECT, dataset_response, project_config_response, project_response
from evals_mcp.api.v4.evaluation_responses import evaluation_response
from evals_mcp.api.v4.queries import Evaluatee, Page
from evals_mcp.errors import NotFound
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.v4.datasets import V4CreateDatasetRequest
from evals_mcp.models.v4.evaluations import V4CreateEvaluationRequest, V4DatasetResponse, V4EvaluationResponse
from evals_mcp.models.v4.projects import V4CreateProjectRequest, V4ProjectConfigResponse, V4ProjectResponse
from evals_mcp.store.files.files import FileChange

router = PrefixedRouter(prefix="/projects", tags=["v4 projects"])


@router.post("", status_code=201, response_model_exclude_none=True)
def create_v4_project(store: CurrentStore, request: V4CreateProjectRequest) -> V4ProjectResponse:
    """Create a project: a prompt without a version."""
    return project_response(store.projects.create(request.name, request.directory_id))


@router.get("", response_model_exclude_none=True)
def list_v4_projects(
    store: CurrentStore,
    page: Page = 0,
    size: Size = 10,
    filter: Annotated[str | None, Query(description="A part of the name.")] = None,
    sort_by: SortBy = "created_at",
    order: Order = "desc",
) -> PaginatedData[V4ProjectResponse]:
    """List projects: prompts, flows, tools and agents, newest first by default."""
    found = store.projects.page(page, size, text=filter, sort_by=sort_by, descending=order == "desc")
    records = [project_response(item) for item in found.records]
    return PaginatedData[V4ProjectResponse](records=records, page=page, size=size, total=found.total)


@router.get("/{project_id:path}/configs", response_model_exclude_none=True)
def list_v4_configs(store: CurrentStore, project_id: str) -> list[V4ProjectConfigResponse]:
    """List the configs of a project, newest first."""
    return [project_config_response(version) for version in store.projects.configs(project_id)]


@router.get("/{project_id:path}/active-config", response_model_exclude_none=True)
def get_v4_active_config(store: CurrentStore, project_id: str) -> V4ProjectConfigResponse:
    """Get the default config of a project."""
    version = store.projects.get(project_id).version
    if version is None:
        raise NotFound(f"Project `{project_id}` has no config.")
    return project_config_response(version)


@router.get("/{project_id:path}/datasets", response_model_exclude_none=True)
def list_v4_datasets_of_project(store: CurrentStore, project_id: str) -> list[V4DatasetResponse]:
    """List the datasets that were created for a project, newest first."""
    project, found = store.projects.get(project_id), store.datasets.all_newest()
    return [dataset for item in found if (dataset := dataset_response(item)).project_id == project.id]


@router.post("/{project_id:path}/datasets", status_code=201, response_model_exclude_none=True)
def create_v4_dataset(store: CurrentStore, project_id: str, request: V4CreateDatasetRequest) -> V4DatasetResponse:
    """Create an empty dataset for a project. If its path is taken, the new path has a number."""
    project, path = store.projects.get(project_id), store.projects.dataset_path(request.name)
    change = FileChange(description=request.description)
    return dataset_response(store.datasets.upsert(None, path, [], "add", {PROJECT: project.id}, change))


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


# Last, because a path is the rest of the address.
@router.get("/{project_id:path}", response_model_exclude_none=True)
def get_v4_project(store: CurrentStore, project_id: str) -> V4ProjectResponse:
    """Get a project."""
    return project_response(store.projects.get(project_id))
