"""Inserts that handle existing rows, in the dialect of the connection."""

from collections.abc import Callable
from importlib import import_module

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.sqlite import Insert


class Upsert:
    """An INSERT that `build` completes with `on_conflict_do_…`. It is built once for each dialect that is in use."""

    def __init__(self, table: Table, build: Callable[[Insert], Insert]) -> None:
        self._table = table
        self._build = build
        self._statements: dict[str, Insert] = {}

    def on(self, connection: Connection) -> Insert:
        """The statement in the dialect of a connection."""
        name = connection.dialect.name
        if name not in self._statements:
            # PostgreSQL's Insert has the same methods, but no base class declares them, and it takes long to load.
            insert = import_module(f"sqlalchemy.dialects.{name}").insert
            self._statements[name] = self._build(insert(self._table))
        return self._statements[name]
