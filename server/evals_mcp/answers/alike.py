"""What the objects of an answer's rows have alike, such as the names of their fields, so that it is told only once."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.values import compact_value, field_value, nested_value, size
from evals_mcp.truncation import CutText, common_beginning, full_length

_CAP = 100_000
_MOST_FIELDS = 6
_LEAST_BEGINNING = 40  # characters


def alike_in(rows: int, total: int) -> Quoted:
    """What stands before things that so many rows have alike. The rows that follow them may be otherwise."""
    return "All" if rows == total else "Shown"


class Rest(NamedTuple):
    """The end of a text whose beginning is told once."""

    text: str


class Alike(NamedTuple):
    """Objects with the same fields: those that all have alike, how texts begin alike, and what differs, by row.

    `keys` are the fields in `rows`, in this order. None if the objects have other fields; then `rows` have no values.
    """

    keys: list[str] | None
    same: dict[str, Any]
    beginnings: dict[str, str]
    rows: list[list[Any]]

    def heading(self, noun: Quoted) -> Quoted:
        """The noun with the names of the fields in the rows: `input (question, plan)`."""
        return f"{noun} ({', '.join(map(name, self.keys))})" if self.keys else noun

    def row(self, index: int, given: Any) -> Row | None:
        """The values of a row without their names, or all that is `given` if the rows have other fields."""
        if self.keys is None and given:
            return Row(lambda limit: compact_value(given, limit), size(given, _CAP))
        return values_row(values) if (values := self.rows[index]) else None

    def shared(self, noun: Quoted) -> list[tuple[Quoted, Row]]:
        """What is told once, by label."""
        found: list[tuple[Quoted, Row]] = []
        if self.same:
            same = self.same
            found.append((f"same {noun}", Row(lambda limit: compact_value(same, limit), size(same, _CAP))))
        for key, beginning in self.beginnings.items():
            found.append((f"{noun} {name(key)} begins (below as …)", _quoted(beginning)))
        return found


def find_alike(objects: Sequence[Any]) -> Alike:
    """What these objects have alike. Empty ones may be among them; then nothing is told once but the names."""
    filled = [item for item in objects if item]
    if not filled or not all(_is_like(filled[0], item) for item in filled):
        return Alike(None, {}, {}, [[] for _ in objects])
    keys: list[str] = list(filled[0])
    same: dict[str, Any] = {}
    beginnings: dict[str, str] = {}
    if len(filled) == len(objects) > 1:
        same = {key: value for key, value in filled[0].items() if all(item[key] == value for item in filled)}
        keys = [key for key in keys if key not in same]
        beginnings = {key: found for key in keys if (found := _beginning([item[key] for item in filled]))}
    rows = [[_rest(item[key], beginnings.get(key, "")) for key in keys] if item else [] for item in objects]
    return Alike(keys, same, beginnings, rows)


def values_row(values: Sequence[Any]) -> Row:
    """Values without their names, which share the room."""
    needs = [_value_need(value) for value in values]

    def render(limit: int) -> Quoted:
        limits = share(limit, needs)
        bare = [False] + [True] * (len(values) - 1)
        return ", ".join(map(_value_text, values, limits, bare))

    return Row(render, sum(needs))


def below_shared(shared: Sequence[tuple[Quoted, Row]], first: Row) -> Row:
    """The first row below what all rows have alike, which gets as much room by itself."""
    if not shared:
        return first
    needs = [part.need for _, part in shared]

    def render(limit: int) -> Quoted:
        limits = share(limit, needs)
        lines = (f" {label}: {part.render(room)}" for (label, part), room in zip(shared, limits, strict=True))
        return "\n".join([*lines, first.render(limit)])

    return Row(render, max(sum(needs), first.need))


def _value_text(value: Any, limit: int, bare: bool) -> Quoted:
    """A value in about this many characters; a plain word may be `bare` behind another value."""
    if isinstance(value, Rest):
        return f"…{quote(value.text, limit)}"
    return field_value(value, limit) if bare else nested_value(value, limit)


def _value_need(value: Any) -> int:
    """The characters with which nothing of a value is cut."""
    return full_length(value.text) if isinstance(value, Rest) else size(value, _CAP)


def _is_like(first: Any, other: Any) -> bool:
    return (
        isinstance(other, Mapping)
        and isinstance(first, Mapping)
        and first.keys() == other.keys()
        and len(other) <= _MOST_FIELDS
    )


def _beginning(values: Sequence[Any]) -> str:
    """How all texts begin, up to the end of a word; "" if that is short, or if not all are texts."""
    if not all(isinstance(value, str) for value in values):
        return ""
    found = common_beginning(values)
    end = max(found.rfind(" "), found.rfind("\n")) + 1
    return found[:end] if end >= _LEAST_BEGINNING else ""


def _rest(value: Any, beginning: str) -> Any:
    if not beginning:
        return value
    rest = value[len(beginning) :]
    cut = full_length(value) > len(value)
    return Rest(CutText(rest, full_length(value) - len(beginning)) if cut else rest)


def _quoted(text: str) -> Row:
    return Row(lambda limit: quote(text, limit), len(text))
