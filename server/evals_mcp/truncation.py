"""Parts of long texts: the beginning, or the excerpt around a search match. Nothing is rendered here.

A text that was cut is a `CutText`, so whoever shows it can tell what is missing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

from evals_mcp.folding import find_folded
from evals_mcp.media import mark_media

_BEFORE = 40
_AFTER = 100


class CutText(str):
    """The beginning of a text of `length` characters."""

    __slots__ = ("length",)
    length: int

    def __new__(cls, beginning: str, length: int) -> Self:
        """The beginning as a text that knows the length of the whole."""
        cut = super().__new__(cls, beginning)
        cut.length = length
        return cut


def full_length(text: str) -> int:
    """The characters of a text, before it was cut."""
    return text.length if isinstance(text, CutText) else len(text)


def common_beginning(texts: Sequence[str]) -> str:
    """The longest text that all of these begin with."""
    first, last = min(texts), max(texts)
    for at, character in enumerate(first):
        if at == len(last) or character != last[at]:
            return first[:at]
    return first[:]


def join_texts(texts: Sequence[str], separator: str) -> str:
    """The texts as one, up to where the first one is cut."""
    amount = next((number for number, text in enumerate(texts, 1) if full_length(text) > len(text)), None)
    joined = separator.join(texts[:amount])
    whole = sum(map(full_length, texts)) + len(separator) * (len(texts) - 1)
    return joined if amount is None else CutText(joined, whole)


def cut_texts(value: Any, characters: int, path: str = "") -> tuple[Any, dict[str, int]]:
    """Cut every text in a JSON value to `characters`. Also returns the full length of each cut text, by path."""
    lengths: dict[str, int] = {}
    return _cut(value, characters, path, lengths), lengths


def cut_datapoint(content: Mapping[str, Any], characters: int) -> dict[str, Any]:
    """The inputs, messages and target of a datapoint, each text cut to `characters`, and the `lengths` of cut texts.

    Media are marks.
    """
    texts = {name: content.get(name) for name in ("inputs", "messages", "target")}
    cut, lengths = cut_texts(mark_media(texts), characters)
    return {
        "inputs": cut["inputs"] or {},
        "messages": cut["messages"] or [],
        "target": cut["target"],
        "lengths": lengths,
    }


def mark_cuts(value: Any, lengths: Mapping[str, int], path: str) -> Any:
    """The value at `path` of what `cut_texts` returned, with a `CutText` for each text in `lengths`."""
    if isinstance(value, str):
        return CutText(value, lengths[path]) if path in lengths else value
    if isinstance(value, dict):
        return {key: mark_cuts(part, lengths, f"{path}.{key}") for key, part in value.items()}
    if isinstance(value, list):
        return [mark_cuts(part, lengths, f"{path}.{index}") for index, part in enumerate(value)]
    return value


class FoundText(NamedTuple):
    """A part of a text around a match: from its character `start`, of `length` in all; and the paths that match."""

    text: str
    start: int
    length: int
    where: list[str]


def find_excerpt(places: Iterable[tuple[str, Any]], searched: str) -> FoundText | None:
    """The text around the first match of `searched` (as `fold` compares) in JSON values by path; None if none."""
    first: FoundText | None = None
    for path, value in places:
        for text in texts_of(value):
            match = find_folded(text, searched)
            if match is None:
                continue
            if first is None:
                start = max(0, match[0] - _BEFORE)
                first = FoundText(text[start : match[1] + _AFTER], start, len(text), [])
            if path not in first.where:
                first.where.append(path)
            break
    return first


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
        lengths[path] = full_length(value)
        return value[:characters]
    if isinstance(value, dict):
        start = f"{path}." if path else ""
        return {key: _cut(part, characters, f"{start}{key}", lengths) if part else part for key, part in value.items()}
    if isinstance(value, list):
        return [_cut(part, characters, f"{path}.{index}", lengths) for index, part in enumerate(value)]
    return value
