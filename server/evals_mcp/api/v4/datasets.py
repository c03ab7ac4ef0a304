"""Routes of v4 datasets and their datapoints."""

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.parameters import Size
from evals_mcp.api.v4.config_responses import dataset_response
from evals_mcp.api.v4.queries import Page
from evals_mcp.models.datapoints import CreateDatapointRequest, DatapointResponse
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.v4.datasets import V4CreateDatapointsRequest
from evals_mcp.models.v4.evaluations import V4DatapointResponse, V4DatasetResponse

router = PrefixedRouter(prefix="/datasets", tags=["v4 datasets"])


@router.get("", response_model_exclude_none=True)
def list_v4_datasets(store: CurrentStore) -> list[V4DatasetResponse]:
    """List all datasets, newest first."""
    return [dataset_response(item) for item in store.datasets.all_newest()]


@router.get("/{id}", response_model_exclude_none=True)
def get_v4_dataset(store: CurrentStore, id: str) -> V4DatasetResponse:
    """Get the newest version of a dataset."""
    return dataset_response(store.datasets.newest(id))


@router.get("/{dataset_id}/datapoints", response_model_exclude_none=True)
def list_v4_dataset_datapoints(
    store: CurrentStore, dataset_id: str, page: Page = 1, size: Size = 50
) -> PaginatedData[V4DatapointResponse]:
    """List the datapoints of the newest version of a dataset."""
    version_id = store.datasets.newest(dataset_id).version_id
    found = store.datasets.list_datapoints(dataset_id, version_id, None, max(page, 1), size)
    records = [_datapoint(item, dataset_id) for item in found.records]
    return PaginatedData[V4DatapointResponse](records=records, page=page, size=size, total=found.total)


@router.post("/{dataset_id}/datapoints", status_code=201, response_model_exclude_none=True)
def create_v4_datapoints(
    store: CurrentStore, dataset_id: str, request: V4CreateDatapointsRequest | list[CreateDatapointRequest]
) -> list[V4DatapointResponse]:
    """Add datapoints to the newest version of a dataset. Equal datapoints are one datapoint."""
    given = request if isinstance(request, list) else [request]
    if not isinstance(request, list) and request.log_ids is not None:
        given = [_of_log(store, log_id) for log_id in request.log_ids]
    return [_datapoint(item, dataset_id) for item in store.datasets.add(dataset_id, given)]


def _of_log(store: CurrentStore, log_id: str) -> CreateDatapointRequest:
    log = store.logs.get(log_id)
    messages = getattr(log, "messages", None)
    target = None if log.output is None else {"output": log.output}
    shown = None if messages is None else [message.model_dump(exclude_none=True) for message in messages]
    return CreateDatapointRequest.model_validate({"inputs": log.inputs, "messages": shown, "target": target})


def _datapoint(item: DatapointResponse, dataset_id: str) -> V4DatapointResponse:
    return V4DatapointResponse.model_validate(item.model_dump(exclude_none=True) | {"dataset_id": dataset_id})
