"""Compact tables of text cells.

` | ` joins cells, without padding or ruler: models read this as well, for half the tokens.
"""

from collections.abc import Collection, Iterable, Sequence

from evals_mcp.answers.frame.quoting import Quoted

_EMPTY = "-"


def table(headers: Sequence[Quoted], rows: Sequence[Sequence[Quoted]]) -> list[Quoted]:
    """The lines of a table, headers first. Drops empty columns; empty cells become `-`. No rows give no lines.

    Cells must come from `quoting.cell`, `quoting.name`, `figures` or our own words, because they are not escaped here.
    """
    if not rows:
        return []
    filled = [column for column in range(len(headers)) if any(row[column] for row in rows)]
    lines = [" | ".join([headers[column] for column in filled])]
    lines += [" | ".join([row[column] or _EMPTY for column in filled]) for row in rows]
    return lines


def own_headers(headers: Iterable[Quoted], labels: Collection[str], kind: Quoted) -> list[Quoted]:
    """Our own headers, with their `kind` where an evaluator has this label, too: `latency (measured)`."""
    return [f"{header} ({kind})" if header in labels else header for header in headers]
