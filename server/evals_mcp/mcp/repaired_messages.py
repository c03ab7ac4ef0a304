"""Repair messages that the SDK cannot read and would never answer."""

import json
import re
from typing import Any, Self

from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter
from pydantic import ValidationError

from evals_mcp.models.json_values import DEEPEST_JSON

_DEEPEST = 2 * DEEPEST_JSON
_TEXT_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]')


class RepairedMessages:
    """The SDK's message stream with every message repaired."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def receive(self) -> SessionMessage | Exception:
        """The next message."""
        return repaired(await self._stream.receive())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        return repaired(await anext(self._stream))

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._stream.__aexit__(*error)


def repaired(item: SessionMessage | Exception) -> SessionMessage | Exception:
    """Read a line that holds half of a surrogate pair, or deep nesting, as a message; return anything else unchanged.

    Hosts send such halves when a model splits an emoji. JSON allows them, but pydantic cannot read them. They stay in a
    tool's arguments, so that the tool can refuse them; elsewhere they become `?`. Nesting is cut at a depth that tools
    refuse, too.
    """
    if not isinstance(item, ValidationError):
        return item
    (first, *_) = item.errors(include_url=False, include_context=False)
    try:
        content = json.loads(_without_deep_parts(first["input"]))
        readable = json.loads(json.dumps(content, ensure_ascii=False).encode(errors="replace"))
        if readable["method"] == "tools/call" and "arguments" in content["params"]:
            readable["params"]["arguments"] = content["params"]["arguments"]
        return SessionMessage(jsonrpc_message_adapter.validate_python(readable, by_name=False))
    except (KeyError, TypeError, ValueError, RecursionError):
        return item


def _without_deep_parts(line: str) -> str:
    """JSON with null for everything below `_DEEPEST` levels."""
    parts, start, depth = [], 0, 0
    for found in _TEXT_OR_BRACKET.finditer(line):
        if found[0] in ("[", "{"):
            depth += 1
            if depth == _DEEPEST + 1:
                parts += [line[start : found.start()], "null"]
        elif found[0] in ("]", "}"):
            depth -= 1
            if depth == _DEEPEST:
                start = found.end()
    return "".join([*parts, line[start:]])
