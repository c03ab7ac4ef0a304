"""Labels of logs, for servers with our route."""

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.models.labels import LabelsRequest, LabelsResponse

_LABELS = TypeAdapter(LabelsResponse)


class Labels(Endpoints):
    """Our route that labels logs."""

    async def create(self, evaluation_id: str, request: LabelsRequest) -> LabelsResponse:
        """Label logs: all or none. Raises NotFound, Invalid with the row, and Conflict."""
        path = ("evaluations", evaluation_id, "labels")
        return await self._connection.send("POST", path, _LABELS, request)
