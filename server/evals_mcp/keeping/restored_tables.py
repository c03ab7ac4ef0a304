"""The tables that a restore fills: made by our own migrations, so that no statement of a backup makes anything."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.sql import SQL, Composable, Identifier
from sqlalchemy import Connection

from evals_mcp.errors import Unavailable
from evals_mcp.keeping.dump_rows import Numbering, TableRows, refuse
from evals_mcp.store.database.opening import make_tables


class RestoredTables:
    """The empty tables of a new schema. `left_out` has the names of tables of the backup that no workspace has."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._driver = _driver_of(connection)
        self._schema = schema
        self._columns = self._read_columns()
        self._sequences = {name for (name,) in self._driver.execute(_SEQUENCES, [schema])}
        self.left_out: list[str] = []

    @property
    def columns(self) -> Mapping[str, list[str]]:
        """The names of the columns, by table."""
        return self._columns

    def load(self, part: TableRows | Numbering) -> None:
        """Load rows of a table, or say where numbers go on. Raises Unavailable."""
        if isinstance(part, Numbering):
            if part.sequence in self._sequences:
                sequence = self._named(part.sequence).as_string(self._driver)
                with _told_failures():
                    self._driver.execute(_SET_NUMBER, [sequence, part.number, part.is_used])
        elif part.table in self._columns:
            self._copy(part)
        else:
            self.left_out.append(part.table)
            for _ in part.lines:
                pass

    def _copy(self, rows: TableRows) -> None:
        if not set(rows.columns) <= set(self._columns[rows.table]):
            refuse()
        columns = SQL(", ").join(map(Identifier, rows.columns))
        statement = SQL("COPY {} ({}) FROM STDIN").format(self._named(rows.table), columns)
        with _told_failures(), self._driver.cursor() as cursor, cursor.copy(statement) as copy:
            for line in rows.lines:
                copy.write(line)

    def _read_columns(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for table, column in self._driver.execute(_COLUMNS, [self._schema]):
            found.setdefault(table, []).append(column)
        return found

    def _named(self, name: str) -> Composable:
        return Identifier(self._schema, name)


@contextmanager
def tables_to_fill(connection: Connection, schema: str, revision: str) -> Iterator[RestoredTables]:
    """Make a schema with the tables of a workspace, as they were at a revision, in the transaction.

    Until the end of the block they have no keys and no indexes: rows may come in any order, and loading is faster.
    Raises Unavailable at the end for rows that do not fit together.
    """
    make_tables(connection, schema, revision)
    driver = _driver_of(connection)
    tables = RestoredTables(connection, schema)
    constraints = driver.execute(_CONSTRAINTS, [schema]).fetchall()
    indexes = driver.execute(_INDEXES, [schema]).fetchall()
    for table, name, _ in reversed(constraints):
        driver.execute(SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(Identifier(schema, table), Identifier(name)))
    for name, _ in indexes:
        driver.execute(SQL("DROP INDEX {}").format(Identifier(schema, name)))
    for table in tables.columns:
        driver.execute(SQL("DELETE FROM {}").format(Identifier(schema, table)))
    yield tables
    keys = [item for item in constraints if not item[2].startswith(_REFERS)]
    references = [item for item in constraints if item[2].startswith(_REFERS)]
    with _told_failures():
        _add(driver, schema, keys)
        for _, definition in indexes:
            driver.execute(definition)
        _add(driver, schema, references)


@contextmanager
def _told_failures() -> Iterator[None]:
    """Raise Unavailable for what PostgreSQL refuses."""
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise Unavailable("The database disk is full. Nothing was restored.") from error
    except psycopg.Error as error:
        said = (error.diag.message_primary or "no reason given").strip()
        raise Unavailable(f"PostgreSQL refused a part of the backup ({said}). Nothing was restored.") from error


def _driver_of(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _add(driver: Any, schema: str, constraints: list[tuple[str, str, str]]) -> None:
    for table, name, definition in constraints:
        add = SQL("ALTER TABLE {} ADD CONSTRAINT {} ").format(Identifier(schema, table), Identifier(name))
        driver.execute(add + SQL(definition))


_REFERS = "FOREIGN KEY"
_COLUMNS = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = quote_ident(%s)::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum
"""
_SEQUENCES = "SELECT relname FROM pg_class WHERE relnamespace = quote_ident(%s)::regnamespace AND relkind = 'S'"
_CONSTRAINTS = """
SELECT t.relname, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
WHERE c.connamespace = quote_ident(%s)::regnamespace AND c.contype IN ('p', 'u', 'f')
ORDER BY c.contype = 'f', t.relname, c.conname
"""
_INDEXES = """
SELECT i.relname, pg_get_indexdef(i.oid) FROM pg_class i JOIN pg_index x ON x.indexrelid = i.oid
WHERE i.relnamespace = quote_ident(%s)::regnamespace
AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.oid AND c.contype IN ('p', 'u', 'x'))
ORDER BY i.relname
"""
_SET_NUMBER = "SELECT setval(%s::regclass, %s, %s)"
