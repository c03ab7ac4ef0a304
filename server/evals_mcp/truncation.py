"""Parts of long texts: cut to what a reader needs, or the place where a search matches; nothing is rendered here."""

from collections.abc import Iterator
from typing import Any

_BEFORE = 40
_AFTER = 100


def cut_texts(value: Any, characters: int, path: str = "") -> tuple[Any, dict[str, int]]:
    """A JSON value with every text cut to its first `characters`, and the whole length of each that was, by path."""
    lengths: dict[str, int] = {}
    return _cut(value, characters, path, lengths), lengths


def find_excerpt(value: Any, searched: str) -> str | None:
    """The first text in a JSON value that holds `searched` (whatever the case), around the match; None if none does."""
    wanted = searched.lower()
    for text in texts_of(value):
        place = text.lower().find(wanted)
        if place >= 0:
            start = max(0, place - _BEFORE)
            end = place + len(searched) + _AFTER
            return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
    return None


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys left out, in order."""
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
