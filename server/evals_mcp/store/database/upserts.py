"""Inserts that say what to do with a row that is there already, in the dialect of the connection."""

from collections.abc import Callable

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


class Upsert:
    """An INSERT that `build` says the rest of, with `on_conflict_do_…`; made once, for SQLite and for PostgreSQL."""

    def __init__(self, table: Table, build: Callable[[postgresql.Insert], postgresql.Insert]) -> None:
        # The two classes share these methods and their arguments, but no base class that has them.
        for_sqlite: postgresql.Insert = sqlite.insert(table)  # type: ignore[assignment]
        self._statements = {"sqlite": build(for_sqlite), "postgresql": build(postgresql.insert(table))}

    def on(self, connection: Connection) -> postgresql.Insert:
        """The statement in the dialect of a connection."""
        return self._statements[connection.dialect.name]
