"""Parts of long texts: the beginning, or the excerpt around a search match. Nothing is rendered here."""

from collections.abc import Iterator
from typing import Any

from evals_mcp.folding import find_folded

_BEFORE = 40
_AFTER = 100


def cut_texts(value: Any, characters: int, path: str = "") -> tuple[Any, dict[str, int]]:
    """Cut every text in a JSON value to `characters`. Also returns the full length of each cut text, by path."""
    lengths: dict[str, int] = {}
    return _cut(value, characters, path, lengths), lengths


def find_excerpt(value: Any, searched: str) -> str | None:
    """The excerpt around the first match of `searched` (as `fold` compares) in a JSON value's texts; None if none."""
    for text in texts_of(value):
        match = find_folded(text, searched)
        if match is not None:
            start, end = max(0, match[0] - _BEFORE), match[1] + _AFTER
            return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
    return None


def texts_of(value: Any) -> Iterator[str]:
    """All texts in a JSON value in order, without the keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts_of(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts_of(part)


def _cut(value: Any, characters: int, path: str, lengths: dict[str, int]) -> Any:
    if isinstance(value, str):
        if len(value) <= characters:
            return value
        lengths[path] = len(value)
        return value[:characters]
    if isinstance(value, dict):
        return {key: _cut(part, characters, f"{path}.{key}" if path else key, lengths) for key, part in value.items()}
    if isinstance(value, list):
        return [_cut(part, characters, f"{path}.{index}", lengths) for index, part in enumerate(value)]
    return value
