"""Inserts that say what to do with a row that is there already, in the dialect of the connection."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_or(connection: Connection, table: Table) -> postgresql.Insert:
    """An INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`, alike on SQLite and PostgreSQL."""
    if connection.dialect.name == "sqlite":
        # The two classes share these methods and their arguments, but no base class that has them.
        return sqlite.insert(table)  # type: ignore[return-value]
    return postgresql.insert(table)
