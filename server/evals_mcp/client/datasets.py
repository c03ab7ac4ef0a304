"""Datasets and their datapoints: one method per endpoint; what all files share is in `versioned`."""

from pydantic import TypeAdapter

from evals_mcp.client.connection import Connection, Upload
from evals_mcp.client.versioned import VersionedFiles
from evals_mcp.models.datapoints import DatapointResponse
from evals_mcp.models.datasets import DatasetRequest, DatasetResponse, ListDatasets
from evals_mcp.models.pages import PaginatedData

_FILE = TypeAdapter(DatasetResponse)
_VERSIONS = TypeAdapter(ListDatasets)
_FILES = TypeAdapter(PaginatedData[DatasetResponse])
_DATAPOINTS = TypeAdapter(PaginatedData[DatapointResponse])


class Datasets(VersionedFiles[DatasetResponse, ListDatasets]):
    """The datasets of a server."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, "datasets", _FILE, _VERSIONS, _FILES)

    async def get(
        self,
        file_id: str,
        *,
        version_id: str | None = None,
        environment: str | None = None,
        include_datapoints: bool | None = None,
    ) -> DatasetResponse:
        """Fetch a version, by its id, environment or default, with datapoints if asked. Raises NotFound."""
        query = {
            "version_id": version_id,
            "environment": environment,
            "include_datapoints": include_datapoints,
        }
        return await self._connection.get(("datasets", file_id), _FILE, query)

    async def list_versions(
        self, file_id: str, *, evaluator_aggregates: bool | None = None, include_datapoints: bool | None = None
    ) -> ListDatasets:
        """Fetch all versions of a dataset, which has no evaluator aggregates. Raises NotFound."""
        query = {"include_datapoints": include_datapoints}
        return await self._connection.get(("datasets", file_id, "versions"), _VERSIONS, query)

    async def upsert(
        self,
        request: DatasetRequest,
        *,
        version_id: str | None = None,
        environment: str | None = None,
        include_datapoints: bool | None = None,
    ) -> DatasetResponse:
        """Create a dataset or give it a version; the query names the version to add to or remove from.

        Raises NotFound and Conflict.
        """
        query = {
            "version_id": version_id,
            "environment": environment,
            "include_datapoints": include_datapoints,
        }
        return await self._connection.send("POST", ("datasets",), _FILE, request, query)

    async def list_datapoints(
        self,
        file_id: str,
        *,
        page: int = 1,
        size: int = 50,
        version_id: str | None = None,
        environment: str | None = None,
    ) -> PaginatedData[DatapointResponse]:
        """Fetch a page of the datapoints of a version. Raises NotFound."""
        query = {"page": page, "size": size, "version_id": version_id, "environment": environment}
        return await self._connection.get(("datasets", file_id, "datapoints"), _DATAPOINTS, query)

    async def upload_csv(
        self,
        file_id: str,
        content: bytes,
        *,
        file_name: str = "datapoints.csv",
        version_id: str | None = None,
        environment: str | None = None,
        version_name: str | None = None,
        version_description: str | None = None,
    ) -> DatasetResponse:
        """Add the datapoints of a CSV file as a new version. Raises NotFound and Invalid."""
        fields = {"version_name": version_name, "version_description": version_description}
        given = {key: value for key, value in fields.items() if value is not None}
        query = {"version_id": version_id, "environment": environment}
        path = ("datasets", file_id, "datapoints", "csv")
        upload = Upload(file_name, content, "text/csv", given)
        return await self._connection.send("POST", path, _FILE, upload, query)
