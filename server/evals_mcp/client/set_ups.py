"""Runs with all that they need, for servers with our route."""

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.models.set_ups import SetUpRequest, SetUpResponse

_SET_UP = TypeAdapter(SetUpResponse)


class SetUps(Endpoints):
    """Our route that sets up a run."""

    async def create(self, request: SetUpRequest) -> SetUpResponse:
        """Find or create a run and its parts: all or nothing. Raises NotFound, Invalid and Conflict."""
        return await self._connection.send("POST", ("set-ups",), _SET_UP, request)
