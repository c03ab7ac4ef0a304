"""Many values in one condition and many rows in one insert, without SQLAlchemy's work per value. No tables."""

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, Table, any_, func, literal, select, text
from sqlalchemy import Sequence as NumberSequence
from sqlalchemy.dialects import sqlite

from evals_mcp.store.database.engines import compact_json

_LAST_NUMBER = text("SELECT seq FROM sqlite_sequence WHERE name = :name")


def among(connection: Connection, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Whether a column has one of the values. All values are one parameter."""
    if connection.dialect.name == "sqlite":
        given = func.json_each(compact_json(list(values))).table_valued("value")
        return column.in_(select(given.c.value))
    return column == any_(literal(list(values), ARRAY(column.type)))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows with the keys of the first row."""
    if connection.dialect.name != "sqlite":
        connection.execute(table.insert(), rows)
        return
    statement, names = _sqlite_insert(table, tuple(rows[0]))
    columns = [_bound(_processor(connection, table, name), [row[name] for row in rows]) for name in names]
    connection.exec_driver_sql(statement, list(zip(*columns, strict=True)))


@functools.cache
def _sqlite_insert(table: Table, names: tuple[str, ...]) -> tuple[str, list[str]]:
    """An insert of these columns and their order in it; compiling takes as long as inserting several rows."""
    compiled = table.insert().compile(dialect=sqlite.dialect(paramstyle="qmark"), column_keys=list(names))
    return str(compiled), list(compiled.positiontup or ())


def new_numbers(connection: Connection, table: Table, count: int) -> list[int]:
    """Reserve ascending numbers for the column `number` of a table. Needs a writing transaction."""
    if connection.dialect.name == "sqlite":
        last = connection.execute(_LAST_NUMBER, {"name": table.name}).scalar() or 0
        return list(range(last + 1, last + 1 + count))
    one = NumberSequence(f"{table.name}_number_seq").next_value()
    each = func.generate_series(1, count).alias()
    return sorted(connection.execute(select(one).select_from(each)).scalars())


def _bound(process: Callable[[Any], Any] | None, values: list[Any]) -> list[Any]:
    """The values of a column as the driver takes them. Many columns have one value in all rows, or mostly none."""
    if process is None:
        return values
    first = values[0]
    if all(value is first for value in values):
        return [process(first)] * len(values)
    nothing = process(None)
    return [nothing if value is None else process(value) for value in values]


def _processor(connection: Connection, table: Table, name: str) -> Any:
    return table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
