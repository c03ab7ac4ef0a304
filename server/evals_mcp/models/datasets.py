"""Datasets: versions, and the request to write one."""

from typing import Literal

from evals_mcp.models.datapoints import CreateDatapointRequest, DatapointResponse
from evals_mcp.models.enums import DatasetAction
from evals_mcp.models.model import Defaulted, JsonObject, Model
from evals_mcp.models.versions import FileVersionResponse, UpsertRequest


class DatasetRequest(UpsertRequest):
    """A dataset to create or update: set exactly these datapoints, or add or remove them."""

    datapoints: list[CreateDatapointRequest]
    action: Defaulted[DatasetAction] = "set"
    attributes: JsonObject | None = None

    def kernel(self) -> JsonObject:
        """The given datapoints, in order. With the action `set`, their set identifies the version."""
        return {"datapoints": [datapoint.content() for datapoint in self.datapoints]}


class DatasetResponse(FileVersionResponse):
    """A version of a dataset. `datapoints` is null unless requested.

    After a write, `repeated_datapoints` has the positions of given datapoints that equal an earlier one: both are one.
    """

    type: Literal["dataset"] = "dataset"
    datapoints_count: int
    datapoints: list[DatapointResponse] | None = None
    attributes: JsonObject | None = None
    repeated_datapoints: list[int] | None = None


class ListDatasets(Model):
    """All versions of a dataset."""

    records: list[DatasetResponse]
