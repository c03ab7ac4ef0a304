"""The content of versions as flat fields with a text each, to tell versions apart."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evals_mcp.models.model import JsonObject

LONGEST_VALUE = 40
"""Characters of the longest text that stands for itself. Longer ones, and ones of several lines, are compared."""

_DEEPEST = 6
_PREFIX = re.compile(r"(spec\.)?(attributes\.)?")
_IDENTITY = re.compile(r"(?=.*\d)[0-9a-fA-F-]{7,}|\d{4}-\d\d-\d\d.*")  # a commit, a UUID, a time


def version_fields(contents: Sequence[JsonObject | None]) -> dict[str, list[str | None]]:
    """The text of each field in each version, None where it is absent; the most telling fields first.

    Fields of `attributes` and `spec` go by their own names, unless another field has that name.
    """
    flat = [dict(_flat(content or {})) for content in contents]
    paths = list(dict.fromkeys(path for fields in flat for path in fields))
    own = [_PREFIX.sub("", path, count=1) for path in paths]
    names = {path: name if own.count(name) == 1 else path for path, name in zip(paths, own, strict=True)}
    found = {names[path]: [fields.get(path) for fields in flat] for path in paths}
    return dict(sorted(found.items(), key=lambda item: (_rank(*item), item[0])))


def is_long(texts: Sequence[str | None]) -> bool:
    """Whether one of the values of a field is too long to stand for itself."""
    return any(len(text) > LONGEST_VALUE or "\n" in text for text in texts if text is not None)


def _rank(name: str, texts: Sequence[str | None]) -> int:
    if is_long(texts):
        return 2
    if all(_IDENTITY.fullmatch(text) for text in texts if text is not None):
        return 3
    return 0 if name.rpartition(".")[2] == "model" else 1


def _flat(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """The paths and texts of the values in a content. One that is null counts as absent."""
    if value is None:
        return
    parts = _parts(value) if len(path) < _DEEPEST else None
    if parts is None:
        yield ".".join(path), _text(value)
        return
    for name, part in parts.items():
        yield from _flat(part, (*path, name))


def _parts(value: Any) -> Mapping[str, Any] | None:
    """The parts of an object, or of a list of things with different names."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return None
    named = {name: item for item in value if (name := _name(item))}
    return named if value and len(named) == len(value) else None


def _name(item: JsonObject) -> str | None:
    """The name of a tool, or of the function that it describes."""
    described = item.get("json_schema")
    name = item.get("name") or (described.get("name") if isinstance(described, dict) else None)
    return name if isinstance(name, str) else None


def _text(value: Any) -> str:
    """A text as it is, chat messages one after the other, and other values as JSON."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if _is_unclear(value) else value
    if isinstance(value, list) and value and all(isinstance(item, dict) and "role" in item for item in value):
        return "\n".join(f"{item['role']}:\n{_message_text(item)}" for item in value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    short = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if len(short) <= LONGEST_VALUE:
        return short
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)


def _message_text(message: JsonObject) -> str:
    content = message.get("content")
    others = {key: value for key, value in message.items() if key not in ("role", "content") and value is not None}
    parts = [content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=1)]
    return "\n".join([*parts, *([json.dumps(others, ensure_ascii=False, sort_keys=True)] if others else [])])


def _is_unclear(text: str) -> bool:
    """Whether a short text would be read as another value (a number, true, null), or its blanks not be seen."""
    if len(text) > LONGEST_VALUE or "\n" in text:
        return False
    try:
        json.loads(text)
    except ValueError:
        return text != text.strip() or not text
    return True
