"""What a message says: its text, the tools it calls, and its other parts, such as images."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from evals_mcp.models.model import JsonObject
from evals_mcp.truncation import join_texts


class CalledTool(NamedTuple):
    """A tool call: the tool's name, and its arguments as JSON (as text if they are not)."""

    name: str
    arguments: Any


def message_text(content: object) -> str | None:
    """The text of a message's content: the content itself, or its text parts, a line each. None without text."""
    if content is None or isinstance(content, str):
        return content
    texts = [text for part in _parts(content) if (text := _text_of(part)) is not None]
    return join_texts(texts, "\n") if texts else None


def other_parts(content: object) -> list[JsonObject]:
    """The parts of a message's content that are no text."""
    return [dict(part) for part in _parts(content) if _text_of(part) is None]


def called_tools(calls: object) -> list[CalledTool]:
    """The `tool_calls` of a message, in the form of OpenAI. Skips what has no name."""
    return [
        CalledTool(function["name"], _arguments(function.get("arguments")))
        for call in _parts(calls)
        if isinstance(function := call.get("function"), Mapping) and isinstance(function.get("name"), str)
    ]


def _parts(value: object) -> Iterator[Mapping[str, Any]]:
    return (part for part in (value if isinstance(value, list) else ()) if isinstance(part, Mapping))


def _text_of(part: Mapping[str, Any]) -> str | None:
    for key in ("text", "refusal"):
        if part.get("type") in (key, f"output_{key}", f"input_{key}") and isinstance(text := part.get(key), str):
            return text
    return None


def _arguments(arguments: object) -> Any:
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
