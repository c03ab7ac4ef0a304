"""Texts of logs and datapoints in a document. They are somebody's data: a view shows them as text and nothing else."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from evals_mcp.models.message_parts import called_tools, message_text, other_parts
from evals_mcp.models.model import JsonObject
from evals_mcp.models.rows import LogRow
from evals_mcp.truncation import full_length

LONGEST = 20_000
"""Characters of one text in a document."""


def labelled(label: str, value: Any) -> JsonObject:
    """A value as `{"label", "text"}`, cut to `LONGEST` with its whole `length`. What is no text is JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=str)
    length = full_length(text)
    part: JsonObject = {"label": label, "text": str(text[:LONGEST])}
    return part if length <= len(part["text"]) else {**part, "length": length}


def fields(value: Mapping[str, Any] | None) -> list[JsonObject]:
    """Inputs or a target: a part for each field."""
    return [labelled(key, part) for key, part in (value or {}).items()]


def chat(messages: Iterable[Any]) -> list[JsonObject]:
    """Messages: a part for each text, tool call and other content."""
    return [part for message in messages for part in _message(message)]


def output(log: LogRow) -> list[JsonObject]:
    """What a log gave: its output, its tool calls, its other parts, and its error."""
    parts = [] if log.output is None else [labelled("output", log.output)]
    parts += [labelled(f"call of {call.name}", call.arguments) for call in called_tools(log.calls)]
    parts += [labelled("part", part) for part in log.parts]
    return parts + ([] if log.error is None else [labelled("error", log.error)])


def _message(message: Any) -> list[JsonObject]:
    if not isinstance(message, Mapping):
        return [labelled("message", message)]
    role = str(message.get("role") or "message")
    content = message.get("content")
    text = message_text(content)
    parts = [] if text is None else [labelled(role, text)]
    parts += [labelled(role, part) for part in other_parts(content)]
    parts += [
        labelled(f"{role}, call of {call.name}", call.arguments) for call in called_tools(message.get("tool_calls"))
    ]
    return parts or [labelled(role, "" if content is None else content)]
