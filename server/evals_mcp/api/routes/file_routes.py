"""Routes of all file types: read, list, move, delete, versions and deployments."""

from typing import Any

from fastapi import APIRouter, Response

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.routes.parameters import Environment, Order, Page, Size, SortBy, VersionId
from evals_mcp.models.files import FileEnvironmentResponse, FileResponse
from evals_mcp.models.model import JsonObject, Model
from evals_mcp.models.monitoring import UpdateMonitoringRequest
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.versions import (
    CommitRequest,
    FileVersionResponse,
    MoveFileRequest,
    UpdateVersionRequest,
    UpsertRequest,
)
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import Store


def change_of(request: UpsertRequest) -> FileChange:
    """The fields of an upsert other than the content."""
    version_description = request.version_description or request.commit_message
    return FileChange(request.description, request.tags, request.readme, request.version_name, version_description)


def id_and_path(request: UpsertRequest) -> tuple[str | None, str | None]:
    """The id or else the path of the file to write; the other is None. Raises Invalid (422) if neither is given."""
    target = request.target()
    return (target.value, None) if target.by == "id" else (None, target.value)


def upsert_file(
    store: Store, kind: str, request: UpsertRequest, content: JsonObject, identity: JsonObject | None = None
) -> FileResponse:
    """Create a file or a new version of it. Raises as `Files.upsert`."""
    return store.files.upsert(kind, *id_and_path(request), content, change_of(request), identity)


def add_file_routes(
    router: APIRouter, kind: str, file_model: type[FileVersionResponse], list_model: type[Model]
) -> None:
    """Add the shared routes for one file type. Add routes with fixed segments before."""
    _add_reads(router, kind, file_model)
    _add_versions(router, kind, file_model, list_model)
    _add_deployments(router, kind, file_model)
    if kind != "dataset":
        _add_monitoring(router, kind, file_model)


def _add_reads(router: APIRouter, kind: str, file_model: type[FileVersionResponse]) -> None:
    page_model: Any = PaginatedData[file_model]  # type: ignore[valid-type]

    @router.get("", name=f"list_{kind}s", response_model=page_model)
    def list_files(
        store: CurrentStore,
        page: Page = 1,
        size: Size = 10,
        name: str | None = None,
        user_filter: str | None = None,
        sort_by: SortBy = "created_at",
        order: Order = "desc",
    ) -> Any:
        """List files of this type, newest first by default."""
        return store.files.page(
            types=[kind], name=name, sort_by=sort_by, descending=order == "desc", page=page, size=size
        )

    if kind != "dataset":

        @router.get("/{id}", name=f"get_{kind}", response_model=file_model)
        def get_file(
            store: CurrentStore, id: str, version_id: VersionId = None, environment: Environment = None
        ) -> Any:
            """Get a version: the given one, else the environment's, else the default one."""
            return store.files.get(kind, id, version_id, environment)

    @router.delete("/{id}", name=f"delete_{kind}", status_code=204, response_class=Response)
    def delete_file(store: CurrentStore, id: str) -> None:
        """Delete a file. Its runs and logs can still be read."""
        store.files.delete(kind, id)

    @router.patch("/{id}", name=f"move_{kind}", response_model=file_model)
    def move_file(store: CurrentStore, id: str, request: MoveFileRequest) -> Any:
        """Move or rename a file."""
        return store.files.move(kind, id, request.path, request.name, request.directory_id)


def _add_versions(router: APIRouter, kind: str, file_model: type[FileVersionResponse], list_model: type[Model]) -> None:
    if kind != "dataset":

        @router.get("/{id}/versions", name=f"list_{kind}_versions", response_model=list_model)
        def list_versions(store: CurrentStore, id: str, evaluator_aggregates: bool = False) -> Any:
            """List all versions of a file, newest first, optionally with evaluator aggregates."""
            return {"records": store.files.versions(kind, id, aggregates=evaluator_aggregates)}

    @router.patch("/{id}/versions/{version_id}", name=f"update_{kind}_version", response_model=file_model)
    def update_version(store: CurrentStore, id: str, version_id: str, request: UpdateVersionRequest) -> Any:
        """Rename or describe a version."""
        return store.files.update_version(kind, id, version_id, request.name, request.description)

    @router.post(
        "/{id}/versions/{version_id}/commit", name=f"commit_{kind}_version", response_model=file_model, deprecated=True
    )
    def commit_version(store: CurrentStore, id: str, version_id: str, request: CommitRequest) -> Any:
        """Get a version as it is, for SDKs up to 0.8.29: every version is committed when it is created."""
        return store.files.get(kind, id, version_id)

    @router.delete(
        "/{id}/versions/{version_id}", name=f"delete_{kind}_version", status_code=204, response_class=Response
    )
    def delete_version(store: CurrentStore, id: str, version_id: str) -> None:
        """Delete an unused version."""
        store.files.delete_version(kind, id, version_id)


def _add_monitoring(router: APIRouter, kind: str, file_model: type[FileVersionResponse]) -> None:
    @router.post("/{id}/evaluators", name=f"update_{kind}_monitoring", response_model=file_model)
    def update_monitoring(store: CurrentStore, id: str, request: UpdateMonitoringRequest) -> Any:
        """Set the evaluators that monitor a file. This server stores and shows them but does not run them."""
        activate = [item.entry() for item in request.activate or []]
        deactivate = [item.entry() for item in request.deactivate or []]
        return store.monitoring.update(kind, id, activate, deactivate)


def _add_deployments(router: APIRouter, kind: str, file_model: type[FileVersionResponse]) -> None:
    @router.get("/{id}/environments", name=f"list_{kind}_environments")
    def list_environments(store: CurrentStore, id: str) -> list[FileEnvironmentResponse]:
        """List all environments with the version deployed to each."""
        return store.environments.all(kind, id)

    @router.post("/{id}/environments/{environment_id}", name=f"deploy_{kind}", response_model=file_model)
    def set_deployment(store: CurrentStore, id: str, environment_id: str, version_id: str) -> Any:
        """Deploy a version to an environment."""
        return store.environments.deploy(kind, id, environment_id, version_id)

    @router.delete(
        "/{id}/environments/{environment_id}", name=f"undeploy_{kind}", status_code=204, response_class=Response
    )
    def remove_deployment(store: CurrentStore, id: str, environment_id: str) -> None:
        """Remove a file's deployment from an environment."""
        store.environments.undeploy(kind, id, environment_id)
