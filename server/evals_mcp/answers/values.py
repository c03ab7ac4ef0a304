"""JSON values such as inputs, targets and messages as one short line. Knows nothing of logs and datapoints.

Texts are quoted, keys and roles are names, and numbers, `true`, `false` and `null` stand bare. So braces, commas and
colons outside of quotes are always ours.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

from evals_mcp.answers.frame.figures import number
from evals_mcp.answers.frame.quoting import name, quote
from evals_mcp.answers.frame.tokens import share
from evals_mcp.truncation import full_length, join_texts

_DEPTH = 8
_PART = 12  # parts that would get fewer characters are only counted
_BARE_NUMBER = 40


def compact_value(value: object, limit: int | None = None) -> str:
    """A JSON value on one line: `question: "…", top_k: 5`, messages as `user: "…", assistant: "…"`.

    Shows about `limit` characters, shared so that short parts stay whole. Counts what is cut or omitted:
    `(+1,234 characters)`, `(+12 more)`.
    """
    if isinstance(value, Mapping) and value:
        return _joined(_pairs(value), len(value), limit, 1)
    if _is_chat(value):
        messages = list(_messages(value))
        return _joined(messages, len(messages), limit, 1)
    return _rendered(value, limit, 0)


def size(value: object, cap: int) -> int:
    """The limit with which `compact_value` cuts nothing. Stops counting beyond `cap`."""
    return _size_of_parts(_messages(value), cap, 1) if _is_chat(value) else _size(value, cap, 0)


def _size(value: object, cap: int, depth: int) -> int:
    if isinstance(value, str):
        return full_length(value)
    if not isinstance(value, Mapping | list | tuple):
        return len(str(value))
    return _size_of_parts(_parts(value), cap, depth + 1) if depth < _DEPTH else 0


def _size_of_parts(parts: Iterable[tuple[str, object]], cap: int, depth: int) -> int:
    total = 0
    for label, part in parts:
        total += _size_of_part(label, part, cap - total, depth)
        if total > cap:
            break
    return total


def _size_of_part(label: str, part: object, cap: int, depth: int) -> int:
    return len(label) + 2 + _size(part, cap, depth)


def _rendered(value: object, limit: int | None, depth: int) -> str:
    if isinstance(value, Mapping | list | tuple):
        opening, closing = "{}" if isinstance(value, Mapping) else "[]"
        if depth >= _DEPTH and value:
            return f"{opening}(+{len(value):,} more){closing}"
        return opening + _joined(_parts(value), len(value), limit, depth + 1) + closing
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}" if math.isfinite(value) else number(value)
    text = value if isinstance(value, str) else str(value)
    return text if isinstance(value, int) and len(text) <= _BARE_NUMBER else quote(text, limit)


def _joined(parts: Iterable[tuple[str, object]], amount: int, limit: int | None, depth: int) -> str:
    if limit is None:
        return ", ".join(label + _rendered(part, None, depth) for label, part in parts)
    shown: list[tuple[str, object]] = []
    needs: list[int] = []
    room = limit
    for label, part in parts:
        need = _size_of_part(label, part, limit, depth)
        room -= min(need, _PART)
        if room < 0 and shown:
            break
        shown.append((label, part))
        needs.append(need)
    limits = share(limit, needs)
    texts = [
        label + _rendered(part, max(each - len(label) - 2, 0), depth)
        for (label, part), each in zip(shown, limits, strict=True)
    ]
    if amount > len(shown):
        texts.append(f"(+{amount - len(shown):,} more)")
    return ", ".join(texts)


def _parts(value: Mapping[object, object] | Iterable[object]) -> Iterator[tuple[str, object]]:
    return _pairs(value) if isinstance(value, Mapping) else (("", part) for part in value)


def _pairs(value: Mapping[object, object]) -> Iterator[tuple[str, object]]:
    return ((f"{name(str(key))}: ", part) for key, part in value.items())


def _is_chat(value: object) -> TypeGuard[list[Mapping[object, object]]]:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(message, Mapping) and isinstance(message.get("role"), str) for message in value)
    )


def _messages(chat: list[Mapping[object, object]]) -> Iterator[tuple[str, object]]:
    return (field for message in chat for field in _fields(message))


def _fields(message: Mapping[object, object]) -> Iterator[tuple[str, object]]:
    """The fields of a chat message, by its role, without null and empty ones."""
    role = name(str(message["role"]))
    yield f"{role}: ", _content(message.get("content"))
    for key, part in message.items():
        if key not in ("role", "content") and part not in (None, "", []):
            yield f"{role} {name(str(key))}: ", part


def _content(content: object) -> object:
    """The text of a message whose content is a list of text parts, else the content itself."""
    if isinstance(content, list) and content and all(_is_text_part(part) for part in content):
        return join_texts([part["text"] for part in content], "\n")
    return content


def _is_text_part(part: object) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "text" and isinstance(part.get("text"), str)
