"""Compact tables of cells that are already text; what a cell says is not made here.

Cells are joined by ` | ` without padding or ruler: models read it as well and it costs half the tokens.
"""

from collections.abc import Sequence
from typing import NamedTuple

_EMPTY = "-"


class LiftedTable(NamedTuple):
    """What `lift_constant_columns` found: the columns that say the same in every row, and the other ones."""

    constants: list[tuple[str, str]]
    headers: list[str]
    rows: list[list[str]]


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table, the headers first; columns without any content are dropped, empty cells are `-`.

    Cells must come from `quoting.cell`, `quoting.name`, `figures` or our own words: they are not escaped here.
    Without rows there are no lines.
    """
    if not rows:
        return []
    kept = [column for column in range(len(headers)) if any(row[column] for row in rows)]
    lines = [" | ".join([headers[column] for column in kept])]
    lines += [" | ".join([row[column] or _EMPTY for column in kept]) for row in rows]
    return lines


def lift_constant_columns(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> LiftedTable:
    """Take out the columns whose cell is the same in all of at least two rows, so that it can be said once."""
    constant = [len(rows) > 1 and len({row[column] for row in rows}) == 1 for column in range(len(headers))]
    lifted = [(header, rows[0][column]) for column, header in enumerate(headers) if constant[column]]
    return LiftedTable(
        constants=[(header, text) for header, text in lifted if text],
        headers=[header for column, header in enumerate(headers) if not constant[column]],
        rows=[[text for column, text in enumerate(row) if not constant[column]] for row in rows],
    )
