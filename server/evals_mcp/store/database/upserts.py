"""Inserts that handle existing rows, in the dialect of the connection."""

from collections.abc import Callable

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


class Upsert:
    """An INSERT that `build` completes with `on_conflict_do_…`. It is built once for SQLite and once for PostgreSQL."""

    def __init__(self, table: Table, build: Callable[[postgresql.Insert], postgresql.Insert]) -> None:
        # The two classes share these methods, but no base class declares them.
        for_sqlite: postgresql.Insert = sqlite.insert(table)  # type: ignore[assignment]
        self._statements = {"sqlite": build(for_sqlite), "postgresql": build(postgresql.insert(table))}

    def on(self, connection: Connection) -> postgresql.Insert:
        """The statement in the dialect of a connection."""
        return self._statements[connection.dialect.name]
