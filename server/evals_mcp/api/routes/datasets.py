"""Routes of datasets: upsert, read, datapoints, and the routes of all file types."""

from typing import Annotated, Literal

from fastapi import Query, Request

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter, most_values_of
from evals_mcp.api.routes.file_routes import add_file_routes, change_of, id_and_path
from evals_mcp.api.routes.parameters import Environment, Page, Size, VersionId
from evals_mcp.api.routes.uploads import UPLOAD_BODY, CurrentUpload
from evals_mcp.importers.csv_datapoints import read_csv_datapoints
from evals_mcp.models.datapoints import DatapointResponse
from evals_mcp.models.datasets import DatasetRequest, DatasetResponse, ListDatasets
from evals_mcp.models.pages import PaginatedData
from evals_mcp.store.files.files import FileChange

router = PrefixedRouter(prefix="/datasets", tags=["datasets"])


@router.post("")
def upsert_dataset(
    store: CurrentStore,
    request: DatasetRequest,
    version_id: VersionId = None,
    environment: Environment = None,
    include_datapoints: bool = False,
) -> DatasetResponse:
    """Set a dataset's datapoints, or add datapoints to a version or remove some from it."""
    return store.datasets.upsert(
        *id_and_path(request),
        request.datapoints,
        request.action,
        request.attributes,
        change_of(request),
        base_version_id=version_id,
        base_environment=environment,
        include_datapoints=include_datapoints,
    )


@router.get("/{id}")
def get_dataset(
    store: CurrentStore,
    id: str,
    version_id: VersionId = None,
    environment: Environment = None,
    include_datapoints: bool = False,
) -> DatasetResponse:
    """Get a version of a dataset, optionally with its datapoints."""
    return store.datasets.get(id, version_id, environment, include_datapoints)


@router.get("/{id}/datapoints")
def list_datapoints(
    store: CurrentStore,
    id: str,
    version_id: VersionId = None,
    environment: Environment = None,
    page: Page = 1,
    size: Size = 50,
) -> PaginatedData[DatapointResponse]:
    """List the datapoints of a version."""
    return store.datasets.list_datapoints(id, version_id, environment, page, size)


@router.post("/{id}/datapoints/csv", openapi_extra=UPLOAD_BODY)
def upload_csv(
    store: CurrentStore,
    request: Request,
    id: str,
    upload: CurrentUpload,
    version_id: VersionId = None,
    environment: Environment = None,
) -> DatasetResponse:
    """Add the rows of a CSV file to the given version, else the environment's, else the default one."""
    name, description = upload.fields.get("version_name"), upload.fields.get("version_description")
    change = FileChange(version_name=name or None, version_description=description or None)
    points = read_csv_datapoints(upload.content, most_values_of(request))
    return store.datasets.extend(id, points, change, version_id, environment)


@router.get("/{id}/versions")
def list_dataset_versions(
    store: CurrentStore,
    id: str,
    include_datapoints: Annotated[
        bool | Literal["latest_saved", "latest_committed"],
        Query(description="With `latest_saved` or `latest_committed` (old name), only the newest has datapoints."),
    ] = False,
) -> ListDatasets:
    """List all versions of a dataset, newest first."""
    of_newest_only = isinstance(include_datapoints, str)
    return ListDatasets(records=store.datasets.versions(id, bool(include_datapoints), of_newest_only=of_newest_only))


add_file_routes(router, "dataset", DatasetResponse, ListDatasets)
