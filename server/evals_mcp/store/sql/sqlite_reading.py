"""Run a reviewer's written SQL on SQLite, where it can read the views of one evaluation and nothing else.

The connection reads only. SQLite asks `_Guard` about each table and function, and after every few operations whether
the time is up. The names of the views are drawn anew each time, so no SQL can take them for itself.
"""

import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from threading import Lock

from evals_mcp.store.sql.limits import BRIEF_OPERATIONS
from evals_mcp.store.sql.sqlite_functions import add_functions
from evals_mcp.store.sql.view_queries import FUNCTIONS, TABLES

_BUILT_IN = frozenset(
    (
        *("abs", "avg", "coalesce", "count", "dense_rank", "json_extract", "json_quote", "json_type", "json_valid"),
        *("lag", "lead", "length", "like", "lower", "ltrim", "max", "min", "nullif", "rank", "replace"),
        *("row_number", "rtrim", "substr", "sum", "trim", "upper"),
    )
)
_OPERATIONS = 10_000  # of SQLite's machine, less than a millisecond
_BRIEF_STEP = 500
_LIMITS = {
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LENGTH: 200_000_000,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 0,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}


class GuardedConnection:
    """A connection that can read these views only. `names` has their names in SQL.

    `released` ends this; a connection that is closed afterwards does not need it.
    """

    def __init__(self, connection: sqlite3.Connection, views: Mapping[str, str]) -> None:
        prefix = f"q{secrets.token_hex(8)}_"
        self.connection = connection
        self.views = views
        self.names = {name: f"temp.{prefix}{name}" for name in views}
        functions = _BUILT_IN | FUNCTIONS | add_functions(connection)
        for name, view in views.items():
            connection.execute(f"CREATE TEMP VIEW {prefix}{name} AS {view}").close()
        connection.execute("PRAGMA case_sensitive_like=ON").close()
        connection.execute("PRAGMA query_only=ON").close()
        self._limits = {limit: connection.setlimit(limit, most) for limit, most in _LIMITS.items()}
        connection.set_authorizer(_Guard(frozenset(f"{prefix}{name}" for name in views), functions).allow)

    def start(self, seconds: float | None) -> None:
        """Stop whatever it runs after so long from now; None: after `BRIEF_OPERATIONS`, or a few less."""
        if seconds is None:
            calls = count(1)
            self.connection.set_progress_handler(lambda: next(calls) >= BRIEF_OPERATIONS // _BRIEF_STEP, _BRIEF_STEP)
            return
        end = time.monotonic() + seconds
        self.connection.set_progress_handler(lambda: time.monotonic() > end, _OPERATIONS)

    @contextmanager
    def released(self) -> Iterator[None]:
        """At the end, make the connection as it was before."""
        try:
            yield
        finally:
            self._release()

    def _release(self) -> None:
        self.connection.set_authorizer(None)
        self.connection.set_progress_handler(None, 0)
        for limit, most in self._limits.items():
            self.connection.setlimit(limit, most)
        self.connection.execute("PRAGMA query_only=OFF").close()
        self.connection.execute("PRAGMA case_sensitive_like=OFF").close()
        for name in self.names.values():
            self.connection.execute(f"DROP VIEW {name}").close()


class IdleConnection:
    """Keeps the last guarded connection to a file, since opening one takes longer than most questions."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._idle: GuardedConnection | None = None

    def take(self, views: Mapping[str, str]) -> GuardedConnection | None:
        """The idle connection if it has these views. Whoever takes it has it alone."""
        with self._lock:
            if self._idle is None or self._idle.views is not views:
                return None
            taken, self._idle = self._idle, None
            return taken

    def give(self, guarded: GuardedConnection) -> None:
        """Keep a connection instead of the one before."""
        with self._lock:
            before, self._idle = self._idle, guarded
        if before is not None:
            before.connection.close()

    def close(self) -> None:
        """Close the connection that is kept."""
        with self._lock:
            before, self._idle = self._idle, None
        if before is not None:
            before.connection.close()


class _Guard:
    """Decides what SQL may do."""

    def __init__(self, views: frozenset[str], functions: frozenset[str]) -> None:
        self._views = views
        self._functions = functions

    def allow(self, action: int, one: str | None, other: str | None, database: str | None, source: str | None) -> int:
        """SQLITE_OK for reading a view, for reading a table in a view, and for a listed function."""
        match action:
            case sqlite3.SQLITE_SELECT:
                is_allowed = True
            case sqlite3.SQLITE_READ:
                # Without a column, SQLite names no source: a view joins a table that the SQL needs nothing of. What
                # WITH names is in no database.
                is_in_view = one in TABLES and (source in self._views or not other)
                is_allowed = one in self._views or is_in_view or (database is None and not other)
            case sqlite3.SQLITE_FUNCTION:
                is_allowed = (other or "").lower() in self._functions
            case _:
                is_allowed = False
        return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY
