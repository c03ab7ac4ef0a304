"""Compact tables of text cells.

` | ` joins cells, without padding or ruler: models read this as well, for half the tokens.
"""

from collections.abc import Sequence
from typing import NamedTuple

_EMPTY = "-"


class LiftedTable(NamedTuple):
    """A table split by `lift_constant_columns`: columns with one value in all rows, and the others."""

    constants: list[tuple[str, str]]
    headers: list[str]
    rows: list[list[str]]


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table, headers first. Drops empty columns; empty cells become `-`. No rows give no lines.

    Cells must come from `quoting.cell`, `quoting.name`, `figures` or our own words, because they are not escaped here.
    """
    if not rows:
        return []
    filled = [column for column in range(len(headers)) if any(row[column] for row in rows)]
    lines = [" | ".join([headers[column] for column in filled])]
    lines += [" | ".join([row[column] or _EMPTY for column in filled]) for row in rows]
    return lines


def lift_constant_columns(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> LiftedTable:
    """Remove the columns with the same cell in all rows (at least two), so that it can be given once."""
    constant = [len(rows) > 1 and len({row[column] for row in rows}) == 1 for column in range(len(headers))]
    lifted = [(header, rows[0][column]) for column, header in enumerate(headers) if constant[column]]
    return LiftedTable(
        constants=[(header, text) for header, text in lifted if text],
        headers=[header for column, header in enumerate(headers) if not constant[column]],
        rows=[[text for column, text in enumerate(row) if not constant[column]] for row in rows],
    )
