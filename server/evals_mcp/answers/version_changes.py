"""What candidates changed since the baseline's version: values side by side, long texts as a line diff."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from evals_mcp.answers.changes import text_difference
from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import name, quote
from evals_mcp.answers.frame.tokens import share
from evals_mcp.models.comparisons import ComparedCandidate
from evals_mcp.models.version_changes import FieldChange, LineChange

WHAT_CHANGED = "What changed:"
"""The heading of several candidates' rows."""

_FIELDS = 12  # in a row
_PART = 24  # changed lines that would get fewer characters are only counted
_BOTH_LINES = 200  # characters of an old and a new line; of longer ones only the changed words are shown
_LITERAL = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?|true|false|null")
_ABSENT = "(none)"


def change_rows(compared: Compared) -> list[Row]:
    """The rows of all candidates: the changed fields in a row, then the line diff of each long text.

    The first one says what it is if there is one candidate.
    """
    several = len(compared.found.candidates) > 1
    rows: list[Row] = []
    for candidate in compared.found.candidates:
        rows += _rows(compared, candidate, f"{compared.run(candidate.run_id)}: " if several else "")
    if rows and not several:
        first = rows[0]
        rows[0] = Row(lambda limit: f"{WHAT_CHANGED} {first.render(limit)}", first.need)
    return rows


def _rows(compared: Compared, candidate: ComparedCandidate, called: str) -> Iterator[Row]:
    runs = [compared.evaluation.run(id) for id in (compared.found.baseline.run_id, candidate.run_id)]
    if not candidate.changes and runs[0].version_id and runs[0].version_id == runs[1].version_id:
        yield _fixed(f"{called}nothing, it is the same version.")
    if len(candidate.changes) == 1 and candidate.changes[0].size is not None:
        yield _text_row(f"{called}{_field_change(candidate.changes[0])}", candidate.changes[0])
        return
    fields = list(map(_field_change, candidate.changes))
    for start in range(0, len(fields), _FIELDS):
        yield _fixed(f"{called}{'; '.join(fields[start : start + _FIELDS])}")
    for change in candidate.changes:
        if change.size is not None:
            yield _text_row(f"{called}{name(change.field)}", change)


def _fixed(text: str) -> Row:
    return Row(lambda _: text, 0)


def _field_change(change: FieldChange) -> str:
    """`temperature 0.7 → 0.2`, `template +3 -1 lines`."""
    if change.size is not None:
        return f"{name(change.field)} {change.size}"
    return f"{name(change.field)} {_value(change.before)} → {_value(change.after)}"


def _value(text: str | None) -> str:
    if text is None:
        return _ABSENT
    return text if _LITERAL.fullmatch(text) else name(text)


class _Piece(NamedTuple):
    """A changed line: `old` or `new` is None unless one line replaced one. `start` is where the change begins."""

    start: str
    old: str | None
    new: str | None

    @property
    def need(self) -> int:
        return len(self.old or "") + len(self.new or "")

    @property
    def lines(self) -> int:
        return (self.old is not None) + (self.new is not None)

    def render(self, limit: int) -> str:
        if self.old is not None and self.new is not None and self.need > _BOTH_LINES:
            return self.start + text_difference(self.old, self.new, None if limit >= self.need else limit)
        sides = [(sign, text) for sign, text in (("-", self.old), ("+", self.new)) if text is not None]
        limits = share(limit, [len(text) for _, text in sides])
        return self.start + " ".join(
            f"{sign}{quote(text, most)}" for (sign, text), most in zip(sides, limits, strict=True)
        )


def _text_row(heading: str, change: FieldChange) -> Row:
    pieces = [piece for line in change.lines for piece in _pieces(line)]
    needs = [piece.need for piece in pieces]

    def render(limit: int) -> str:
        amount = len(pieces) if limit >= sum(needs) else min(len(pieces), limit // _PART)
        limits = share(limit, needs[:amount])
        lines = [piece.render(most) for piece, most in zip(pieces, limits, strict=False)]
        if more := change.more + sum(piece.lines for piece in pieces[amount:]):
            lines.append(f"  (+{count(more, 'more changed line')})")
        return "\n".join([f"{heading}:", *lines])

    return Row(render, sum(needs))


def _pieces(change: LineChange) -> list[_Piece]:
    start = f"  line {change.line}: "
    if len(change.removed) == len(change.added) == 1:
        return [_Piece(start, change.removed[0], change.added[0])]
    sides = [*((text, None) for text in change.removed), *((None, text) for text in change.added)]
    return [_Piece(start if index == 0 else "    ", *side) for index, side in enumerate(sides)]
