"""Answers without the one to a request that was answered before, and that the server had to read again."""

from typing import Any, Self

from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCError, JSONRPCResponse


class WithoutReplayed:
    """The SDK's stream of answers, without the first one to the request of this id."""

    def __init__(self, stream: Any, id: str) -> None:
        self._stream = stream
        self._id: str | None = id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def send(self, item: SessionMessage) -> None:
        """Send a message, unless nobody must see it."""
        message = item.message
        if self._id is not None and isinstance(message, JSONRPCResponse | JSONRPCError) and message.id == self._id:
            self._id = None
            return
        await self._stream.send(item)

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._stream.__aexit__(*error)
