"""Messages from stdio, with those mended that the SDK cannot read and would leave without an answer."""

import json
from typing import Any, Self

from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter
from pydantic import ValidationError


class MendedMessages:
    """The SDK's stream of messages, each mended; everything else of the stream is as it was."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def receive(self) -> SessionMessage | Exception:
        """The next message."""
        return mended(await self._stream.receive())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        return mended(await anext(self._stream))

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._stream.__aexit__(*error)


def mended(item: SessionMessage | Exception) -> SessionMessage | Exception:
    """A line with half of a surrogate pair as a message; all else as it is.

    Hosts send such halves where a model broke an emoji apart: JSON may have them, but pydantic does not read them. In a
    tool's arguments they are kept, so that the tool can refuse them; elsewhere they become `?`.
    """
    if not isinstance(item, ValidationError):
        return item
    (first, *_) = item.errors(include_url=False, include_context=False)
    try:
        content = json.loads(first["input"])
        readable = json.loads(json.dumps(content, ensure_ascii=False).encode(errors="replace"))
        if readable["method"] == "tools/call":
            readable["params"]["arguments"] = content["params"]["arguments"]
        return SessionMessage(jsonrpc_message_adapter.validate_python(readable, by_name=False))
    except (KeyError, TypeError, ValueError, RecursionError):
        return item
