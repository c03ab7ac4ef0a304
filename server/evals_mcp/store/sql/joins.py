"""The tables of FROM, in a form that the database can join within seconds."""

from collections.abc import Sequence
from typing import NamedTuple

from evals_mcp.store.sql.scopes import Source


class Table(NamedTuple):
    """A table of FROM: its SQL, the view that it is, and how it is joined to those before it."""

    sql: str
    source: Source
    view: str | None
    join: str = ""
    on: str = ""


def write_tables(tables: Sequence[Table], *, is_sqlite: bool) -> str:
    """The tables as FROM has them, when all that reads their columns has been written."""
    return " ".join(
        f"{table.join or 'FROM'} {_copy(table) if is_sqlite else table.sql} AS {table.source.alias}{table.on}"
        for table in tables
    )


def _copy(table: Table) -> str:
    """A view of which SQLite makes a copy with an index, where it would else read the whole view for each row.

    It has no index of judgments by datapoint, and copies all columns for a LEFT JOIN. LIMIT makes it copy.
    """
    is_read_for_each = table.view == "judgments" and _tests(table, "datapoint") and not _tests(table, "log")
    if table.view in ("judgments", "logs") and (table.join == "LEFT JOIN" or is_read_for_each):
        columns = ", ".join(f'"{column}"' for column in sorted(table.source.read or {"log"}))
        return f"(SELECT {columns} FROM {table.sql} LIMIT -1)"
    return table.sql


def _tests(table: Table, column: str) -> bool:
    return f'{table.source.alias}."{column}"' in table.on
