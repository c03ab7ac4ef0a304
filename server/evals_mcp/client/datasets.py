"""Datasets: create versions of them."""

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.models.datasets import DatasetRequest, DatasetResponse

_VERSION = TypeAdapter(DatasetResponse)


class Datasets(Endpoints):
    """The datasets of a server."""

    async def upsert(
        self,
        request: DatasetRequest,
        *,
        version_id: str | None = None,
        environment: str | None = None,
        include_datapoints: bool | None = None,
    ) -> DatasetResponse:
        """Create a dataset or a new version of it. The query names the version to add to or remove from.

        Raises NotFound and Conflict.
        """
        query = {"version_id": version_id, "environment": environment, "include_datapoints": include_datapoints}
        return await self._connection.send("POST", ("datasets",), _VERSION, request, query)
