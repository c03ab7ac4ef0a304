"""What differs between two JSON objects or lists, field by field and item by item."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from evals_mcp.answers.changes import text_difference
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.values import nested_value, size
from evals_mcp.truncation import full_length

_CAP = 100_000
_PART = 24  # fields that would get fewer characters are only counted
_DEEPEST = 40
_LONG = 120  # characters; longer texts are shown as a difference
_ABSENT = object()


class _Change(NamedTuple):
    path: Quoted
    old: Any
    new: Any

    @property
    def need(self) -> int:
        """The characters of both sides."""
        return sum(size(side, _CAP) for side in (self.old, self.new) if side is not _ABSENT)


def json_container(text: str) -> Any:
    """The JSON object or list of a text; None if it is neither, or cut."""
    if text.lstrip()[:1] not in ("{", "[") or full_length(text) > len(text):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def field_changes(old: Any, new: Any) -> Row:
    """What differs, by path: `city "Bonn" → "Köln", items[3].v 3 → 6, +country "DE" (3 fields are the same)`."""
    changes = list(_changes(old, new, "", 0))
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        noun: Quoted = "field"
        same = sum(1 for key in old if key in new and old[key] == new[key])
    else:
        noun = "item"
        same = sum(first == second for first, second in zip(old, new, strict=False))
    needs = [change.need for change in changes]
    below = f" ({count(same, noun)} {'is' if same == 1 else 'are'} the same)" if same else ""

    def render(limit: int) -> Quoted:
        shown = len(changes) if limit >= sum(needs) else max(1, min(len(changes), limit // _PART))
        limits = share(limit, needs[:shown])
        texts: list[Quoted] = [_shown(change, room) for change, room in zip(changes, limits, strict=False)]
        if len(changes) > shown:
            texts.append(f"(+{count(len(changes) - shown)} more)")
        return ", ".join(texts) + below

    return Row(render, sum(needs))


def _changes(old: Any, new: Any, path: Quoted, depth: int) -> Iterator[_Change]:
    if depth < _DEEPEST and isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            before, after = old.get(key, _ABSENT), new.get(key, _ABSENT)
            if before != after:
                yield from _changes(before, after, f"{path}.{name(str(key))}" if path else name(str(key)), depth + 1)
    elif depth < _DEEPEST and isinstance(old, list) and isinstance(new, list):
        yield from _item_changes(old, new, path, depth)
    else:
        yield _Change(path, old, new)


def _item_changes(old: Sequence[Any], new: Sequence[Any], path: Quoted, depth: int) -> Iterator[_Change]:
    """The changed items by their index in the old list; those that only one list has, by their own."""
    last, most = 0, min(len(old), len(new))
    if len(old) != len(new):  # what was added or removed stands before an equal end
        first = next((at for at in range(most) if old[at] != new[at]), most)
        while last < most - first and old[-1 - last] == new[-1 - last]:
            last += 1
    before, after = old[: len(old) - last], new[: len(new) - last]
    for index in range(max(len(before), len(after))):
        left, right = (items[index] if index < len(items) else _ABSENT for items in (before, after))
        if left != right:
            yield from _changes(left, right, f"{path}[{count(index)}]", depth + 1)


def _shown(change: _Change, limit: int) -> Quoted:
    path = change.path
    if change.old is _ABSENT:
        return f"+{path} {nested_value(change.new, limit)}"
    if change.new is _ABSENT:
        return f"-{path} {nested_value(change.old, limit)}"
    sides = (change.old, change.new)
    if all(isinstance(side, str) and len(side) > min(_LONG, limit // 2) for side in sides):
        return f"{path} {text_difference(change.old, change.new, limit)}"
    before, after = share(limit, [size(side, _CAP) for side in sides])
    return f"{path} {nested_value(change.old, before)} → {nested_value(change.new, after)}"
