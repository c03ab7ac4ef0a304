"""The keys of a workspace, for its administrators, on a server with our routes."""

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.models.keys import CreateKeyRequest, KeyResponse, ListKeys, NewKeyResponse

_KEY = TypeAdapter(KeyResponse)
_KEYS = TypeAdapter(ListKeys)
_NEW_KEY = TypeAdapter(NewKeyResponse)


class Keys(Endpoints):
    """Our routes that administer keys. They raise Unauthorized for a key without the role."""

    async def all(self) -> list[KeyResponse]:
        """Fetch all keys, oldest first."""
        return (await self._connection.get(("keys",), _KEYS, api="")).records

    async def create(self, request: CreateKeyRequest) -> NewKeyResponse:
        """Create a key. Raises Invalid, and Conflict for a taken name."""
        return await self._connection.send("POST", ("keys",), _NEW_KEY, request, api="")

    async def revoke(self, id_or_name: str) -> KeyResponse:
        """Revoke a key. Raises NotFound, and Invalid if several have the name."""
        return await self._connection.send("POST", ("keys", id_or_name, "revoke"), _KEY, api="")
