"""Logs of all types of files. `versioned` writes them."""

from pydantic import ConfigDict, TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.models.logs import LogResponse

_LOG: TypeAdapter[LogResponse] = TypeAdapter(LogResponse, config=ConfigDict(defer_build=True))


class Logs(Endpoints):
    """The logs of a server."""

    async def get(self, log_id: str) -> LogResponse:
        """Fetch one log; a flow's with its trace. Raises NotFound."""
        return await self._connection.get(("logs", log_id), _LOG)
