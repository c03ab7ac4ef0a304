"""JSON values such as inputs, targets and messages as one short line. Knows nothing of logs and datapoints.

Texts are quoted, keys and roles are names, and numbers, `true`, `false` and `null` stand bare. So braces, commas and
colons outside of quotes are always ours.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from evals_mcp.answers.frame.figures import byte_size, count, exact_number
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.answers.frame.tokens import share
from evals_mcp.media import MEDIA, is_media
from evals_mcp.models.message_parts import CalledTool, called_tools, message_text, other_parts
from evals_mcp.truncation import full_length

_DEPTH = 8
_PART = 12  # parts that would get fewer characters are only counted
_BARE_NUMBER = 40
_URL = 200
_SHORT_CHAT = 4  # parts; a longer conversation that does not fit shows its first and last ones
_TURN = 160  # characters that a part of a conversation gets at least, if it needs them
_LEAST_TURNS = 2
_INSTRUCTING = ("system", "developer")
_NESTED = (dict, list, tuple, Mapping)  # the quick checks first


def compact_value(value: object, limit: int | None = None) -> Quoted:
    """A JSON value on one line: `question: "…", top_k: 5`, messages as `user: "…", assistant: "…"`.

    Shows about `limit` characters, shared so that short parts stay whole. Counts what is cut or omitted:
    `(+1,234 characters)`, `(+12 more)`.
    """
    if isinstance(value, Mapping) and value:
        return _joined(_pairs(value), len(value), limit, 1)
    if _is_chat(value):
        return _conversation(value, limit)
    return _rendered(value, limit, 0)


def compact_list(values: Sequence[object], limit: int | None = None) -> Quoted:
    """Values on one line, without brackets around them; limited as in `compact_value`."""
    return _joined((("", value) for value in values), len(values), limit, 1)


def nested_value(value: object, limit: int | None = None) -> Quoted:
    """A value as it stands inside of another: objects and lists in brackets; limited as in `compact_value`."""
    return _rendered(value, limit, 1)


def field_value(value: object, limit: int) -> Quoted:
    """A value whose name is told elsewhere: a plain word bare, all else as `nested_value`."""
    is_word = isinstance(value, str) and " " not in value and len(value) == full_length(value) <= limit
    word = name(str(value)) if is_word else ""
    return word if word and word == value else nested_value(value, limit)


def size(value: object, cap: int) -> int:
    """The limit with which `compact_value` cuts nothing. Stops counting beyond `cap`."""
    return _size_of_parts(_messages(value), cap, 1) if _is_chat(value) else _size(value, cap, 0)


def _size(value: object, cap: int, depth: int) -> int:
    if isinstance(value, str):
        return full_length(value)
    if isinstance(value, CalledTool):
        return len(value.name) + 2 + _size(value.arguments, cap, depth)
    if not isinstance(value, _NESTED):
        return len(str(value))
    if is_media(value):
        return len(_media(value))
    return _size_of_parts(_parts(value), cap, depth + 1) if depth < _DEPTH else 0


def _size_of_parts(parts: Iterable[tuple[Quoted, object]], cap: int, depth: int) -> int:
    total = 0
    for label, part in parts:
        total += _size_of_part(label, part, cap - total, depth)
        if total > cap:
            break
    return total


def _size_of_part(label: Quoted, part: object, cap: int, depth: int) -> int:
    return len(label) + 2 + _size(part, cap, depth)


def _rendered(value: object, limit: int | None, depth: int) -> Quoted:
    if isinstance(value, str):
        return quote(value, limit)
    if isinstance(value, CalledTool):
        return f"{name(value.name)}({_rendered(value.arguments, limit, depth) if value.arguments else ''})"
    if is_media(value):
        return _media(value)
    if isinstance(value, _NESTED):
        opening, closing = "{}" if isinstance(value, Mapping) else "[]"
        if depth >= _DEPTH and value:
            return f"{opening}(+{count(len(value))} more){closing}"
        return opening + _joined(_parts(value), len(value), limit, depth + 1) + closing
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return exact_number(value)
    if isinstance(value, int) and len(str(value)) <= _BARE_NUMBER:
        return exact_number(value)
    return quote(str(value), limit)


def _joined(parts: Iterable[tuple[Quoted, object]], amount: int, limit: int | None, depth: int) -> Quoted:
    if limit is None:
        return ", ".join(label + _rendered(part, None, depth) for label, part in parts)
    shown: list[tuple[Quoted, object]] = []
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
    texts: list[Quoted] = [
        label + _rendered(part, max(each - len(label) - 2, 0), depth)
        for (label, part), each in zip(shown, limits, strict=True)
    ]
    if amount > len(shown):
        texts.append(f"(+{count(amount - len(shown))} more)")
    return ", ".join(texts)


def _parts(value: Mapping[object, object] | Iterable[object]) -> Iterator[tuple[Quoted, object]]:
    return _pairs(value) if isinstance(value, Mapping) else (("", part) for part in value)


def _pairs(value: Mapping[object, object]) -> Iterator[tuple[Quoted, object]]:
    return ((f"{name(str(key))}: ", part) for key, part in value.items())


def _is_chat(value: object) -> TypeGuard[list[Mapping[object, object]]]:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(message, Mapping) and isinstance(message.get("role"), str) for message in value)
    )


def _messages(chat: list[Mapping[object, object]]) -> Iterator[tuple[Quoted, object]]:
    return (field for message in chat for field in _fields(message))


def _fields(message: Mapping[object, object]) -> Iterator[tuple[Quoted, object]]:
    """The fields of a chat message, by its role, without null and empty ones."""
    role = name(str(message["role"]))
    content, calls = message.get("content"), called_tools(message.get("tool_calls"))
    text = message_text(content)
    if text is not None:
        yield f"{role}: ", text
    elif not calls if content in (None, []) else not isinstance(content, list):
        yield f"{role}: ", content
    for other in other_parts(content):
        yield f"{role}: ", other
    for call in calls:
        yield f"{role} calls ", call
    for key, part in message.items():
        if key not in ("role", "content", "tool_calls") and part not in (None, "", []):
            yield f"{role} {name(str(key))}: ", part


def _conversation(chat: list[Mapping[object, object]], limit: int | None) -> Quoted:
    """The messages in order. If they do not fit, the first of them that is no instruction, and the last ones."""
    parts = list(_messages(chat))
    if limit is None or len(parts) <= _SHORT_CHAT or _size_of_parts(parts, limit, 1) <= limit:
        return _joined(parts, len(parts), limit, 1)
    first = next((at for at, message in enumerate(chat) if message["role"] not in _INSTRUCTING), 0)
    opening = list(_fields(chat[first]))[:1]
    end: list[tuple[Quoted, object]] = []
    room = limit - limit // 4
    for label, part in reversed(parts[sum(len(list(_fields(message))) for message in chat[: first + 1]) :]):
        room -= min(_size_of_part(label, part, limit, 1), _TURN)
        if room < 0 and len(end) >= _LEAST_TURNS:
            break
        end.insert(0, (label, part))
    texts = [_joined(opening, 1, limit // 4, 1), _joined(end, len(end), limit - limit // 4, 1)]
    before, between = first, len(parts) - first - 1 - len(end)
    if between > 0:
        texts.insert(1, f"(+{count(between)} more)")
    if before:
        texts.insert(0, f"(+{count(before)} more)")
    return ", ".join(texts)


def _media(mark: Mapping[Any, Any]) -> Quoted:
    """`(image/png, 12 kB)`, or `(image "https://…")`."""
    kind, size, url = mark[MEDIA], mark.get("bytes"), mark.get("url")
    if isinstance(url, str):
        return f"({name(str(kind))} {quote(url, _URL)})"
    return f"({name(str(kind))}, {byte_size(size)})" if isinstance(size, int) else f"({name(str(kind))})"
