"""What differs between two JSON objects, field by field."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from evals_mcp.answers.changes import text_difference
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.values import nested_value, size

_CAP = 100_000
_PART = 24  # fields that would get fewer characters are only counted
_DEEPEST = 6
_LONG = 120  # characters; longer texts are shown as a difference
_ABSENT = object()


class _Change(NamedTuple):
    path: str
    old: Any
    new: Any

    @property
    def need(self) -> int:
        """The characters of both sides."""
        return sum(size(side, _CAP) for side in (self.old, self.new) if side is not _ABSENT)


def field_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Row:
    """The fields that differ: `city "Bonn" → "Köln", +country "DE", -zip 53111 (3 fields are the same)`."""
    changes = list(_changes(old, new, "", 0))
    same = sum(1 for key in old if key in new and old[key] == new[key])
    needs = [change.need for change in changes]
    below = f" ({count(same, 'field')} {'is' if same == 1 else 'are'} the same)" if same else ""

    def render(limit: int) -> Quoted:
        shown = len(changes) if limit >= sum(needs) else max(1, min(len(changes), limit // _PART))
        limits = share(limit, needs[:shown])
        texts: list[Quoted] = [_shown(change, room) for change, room in zip(changes, limits, strict=False)]
        if len(changes) > shown:
            texts.append(f"(+{count(len(changes) - shown)} more)")
        return ", ".join(texts) + below

    return Row(render, sum(needs))


def _changes(old: Any, new: Any, path: str, depth: int) -> Iterator[_Change]:
    if not (isinstance(old, Mapping) and isinstance(new, Mapping) and depth < _DEEPEST):
        yield _Change(path, old, new)
        return
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key, _ABSENT), new.get(key, _ABSENT)
        if before != after:
            yield from _changes(before, after, f"{path}.{key}" if path else str(key), depth + 1)


def _shown(change: _Change, limit: int) -> Quoted:
    path = name(change.path)
    if change.old is _ABSENT:
        return f"+{path} {nested_value(change.new, limit)}"
    if change.new is _ABSENT:
        return f"-{path} {nested_value(change.old, limit)}"
    sides = (change.old, change.new)
    if all(isinstance(side, str) and len(side) > _LONG for side in sides):
        return f"{path} {text_difference(change.old, change.new, limit)}"
    before, after = share(limit, [size(side, _CAP) for side in sides])
    return f"{path} {nested_value(change.old, before)} → {nested_value(change.new, after)}"
