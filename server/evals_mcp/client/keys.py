"""The keys of a workspace, for its administrators, on a server with our routes."""

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.models.keys import (
    CreateKeyRequest,
    KeyResponse,
    ListKeys,
    NewKeyResponse,
    RevokedKeyResponse,
    RotatedKeyResponse,
    RotateKeyRequest,
)

_REVOKED_KEY = TypeAdapter(RevokedKeyResponse)
_KEYS = TypeAdapter(ListKeys)
_NEW_KEY = TypeAdapter(NewKeyResponse)
_ROTATED_KEY = TypeAdapter(RotatedKeyResponse)


class Keys(Endpoints):
    """Our routes that administer keys. They raise Unauthorized for a key without the role."""

    async def all(self) -> list[KeyResponse]:
        """Fetch all keys, oldest first."""
        return (await self._connection.get(("keys",), _KEYS, api="")).records

    async def create(self, request: CreateKeyRequest) -> NewKeyResponse:
        """Create a key. Raises Invalid, and Conflict for a taken name."""
        return await self._connection.send("POST", ("keys",), _NEW_KEY, request, api="")

    async def rotate(self, id_or_name: str, request: RotateKeyRequest) -> RotatedKeyResponse:
        """Replace a key by a new one. Raises NotFound, and Conflict for a key that does not work."""
        return await self._connection.send("POST", ("keys", id_or_name, "rotate"), _ROTATED_KEY, request, api="")

    async def revoke(self, id_or_name: str) -> RevokedKeyResponse:
        """Revoke a key. Raises NotFound, and Conflict for the last key of role admin."""
        return await self._connection.send("POST", ("keys", id_or_name, "revoke"), _REVOKED_KEY, api="")
