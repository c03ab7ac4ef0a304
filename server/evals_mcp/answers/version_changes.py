"""What candidates changed since the baseline's version: values side by side, long texts as a line diff."""

from collections.abc import Iterator
from typing import NamedTuple

from evals_mcp.answers.changes import difference_row, text_difference
from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, literal, name, quote
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.version_values import value_word
from evals_mcp.models.comparisons import ComparedCandidate
from evals_mcp.models.version_changes import FieldChange, LineChange

_FIELDS = 12  # in a row
_PART = 24  # changed lines that would get fewer characters are only counted


def headed_change_rows(compared: Compared, *, line_diffs: bool = True) -> list[Row]:
    """`change_rows` of which the first says what they are."""
    rows = change_rows(compared, line_diffs=line_diffs)
    candidates = compared.found.candidates
    between = "\n" if len(candidates) > 1 else " "
    hidden = not line_diffs and any(change.size for candidate in candidates for change in candidate.changes)
    heading = f"What changed{' (line diffs: raise max_tokens)' if hidden else ''}:{between}"
    return [_after(heading, row) if number == 0 else row for number, row in enumerate(rows)]


def change_rows(compared: Compared, *, line_diffs: bool = True) -> list[Row]:
    """The rows of all candidates: the changed fields in a row, then the line diff of each long text.

    A field that only has the runs' labels is left out.
    """
    several = len(compared.found.candidates) > 1
    rows: list[Row] = []
    for candidate in compared.found.candidates:
        called = f"{compared.run(candidate.run_id)}: " if several else ""
        rows += _rows(compared, candidate, called, line_diffs=line_diffs)
    return rows


def _rows(compared: Compared, candidate: ComparedCandidate, called: Quoted, *, line_diffs: bool) -> Iterator[Row]:
    runs = [compared.evaluation.run(id) for id in (compared.found.baseline.run_id, candidate.run_id)]
    if not candidate.changes and runs[0].version_id and runs[0].version_id == runs[1].version_id:
        yield _fixed(f"{called}nothing, it is the same version.")
    labels = [compared.evaluation.run_labels[run.id] for run in runs]
    changes = [change for change in candidate.changes if [change.before, change.after] != labels]
    texts = [change for change in changes if change.size is not None] if line_diffs else []
    if len(texts) == len(changes) == 1:
        yield text_row(f"{called}{_field_change(texts[0])}", texts[0])
        return
    fields = list(map(_field_change, changes))
    for start in range(0, len(fields), _FIELDS):
        yield _fixed(f"{called}{'; '.join(fields[start : start + _FIELDS])}")
    for change in texts:
        yield text_row(f"{called}{name(change.field)}", change)


def _after(heading: Quoted, row: Row) -> Row:
    return Row(lambda limit: heading + row.render(limit), row.need)


def _fixed(text: Quoted) -> Row:
    return Row(lambda _: text, 0)


def _field_change(change: FieldChange) -> Quoted:
    """`temperature 0.7 → 0.2`, `template +3 -1 lines`."""
    if change.size is not None:
        return f"{name(change.field)} {literal(change.size)}"
    return f"{name(change.field)} {value_word(change.before)} → {value_word(change.after)}"


class _Piece(NamedTuple):
    """A changed line: `old` or `new` is None unless one line replaced one. `start` is where the change begins."""

    start: Quoted
    old: str | None
    new: str | None

    @property
    def need(self) -> int:
        return len(self.old or "") + len(self.new or "")

    @property
    def lines(self) -> int:
        return (self.old is not None) + (self.new is not None)

    def render(self, limit: int) -> Quoted:
        if self.old is not None and self.new is not None and difference_row(self.old, self.new):
            return self.start + text_difference(self.old, self.new, None if limit >= self.need else limit)
        signed: tuple[tuple[Quoted, str | None], ...] = (("-", self.old), ("+", self.new))
        sides = [(sign, text) for sign, text in signed if text is not None]
        limits = share(limit, [len(text) for _, text in sides])
        return self.start + " ".join(
            f"{sign}{quote(text, most)}" for (sign, text), most in zip(sides, limits, strict=True)
        )


def text_row(heading: Quoted, change: FieldChange) -> Row:
    """The changed lines of a text below a heading. Lines that would get few characters are only counted."""
    pieces = [piece for line in change.lines for piece in _pieces(line)]
    needs = [piece.need for piece in pieces]

    def render(limit: int) -> Quoted:
        amount = len(pieces) if limit >= sum(needs) else min(len(pieces), limit // _PART)
        limits = share(limit, needs[:amount])
        lines = [piece.render(most) for piece, most in zip(pieces, limits, strict=False)]
        if more := change.more + sum(piece.lines for piece in pieces[amount:]):
            lines.append(f"  (+{count(more, 'more changed line')})")
        return "\n".join([f"{heading}:", *lines])

    return Row(render, sum(needs))


def _pieces(change: LineChange) -> list[_Piece]:
    start = f"  line {count(change.line)}: "
    if len(change.removed) == len(change.added) == 1:
        return [_Piece(start, change.removed[0], change.added[0])]
    sides = [*((text, None) for text in change.removed), *((None, text) for text in change.added)]
    return [_Piece(start if index == 0 else "    ", *side) for index, side in enumerate(sides)]
