"""One workspace's database: connections and transactions on SQLite or PostgreSQL. No tables, no queries."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError
from sqlalchemy.pool import QueuePool

from evals_mcp.errors import Invalid, Unavailable
from evals_mcp.store.database.data_version import DataVersion
from evals_mcp.store.database.fair_lock import FairLock
from evals_mcp.store.database.text_search import add_functions

_BUSY_MILLISECONDS = 15_000
_BUSY = "The database is busy with other writes. Repeat the request."
_WRITES = "evals_mcp_writes"


def utc_now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


class Database:
    """Transactions on one workspace. `read` never writes; only one `write` runs at a time.

    On PostgreSQL a workspace is the schema `schema`. On SQLite it is the file, and `schema` is None. Several databases
    can share an engine, each with its own schema.
    """

    def __init__(self, engine: Engine, schema: str | None = None, clock: Callable[[], datetime] = utc_now) -> None:
        self.engine = engine
        self.schema = schema
        self.now = clock
        # Set all options at once: SQLAlchemy 2.0 accepts no isolation level for an engine that already has options.
        translated: dict[str, Any] = {"schema_translate_map": {None: schema}} if schema else {}
        self._reading = engine if self.is_sqlite else engine.execution_options(**translated, **_ONE_STATE)
        self._writing = engine.execution_options(**translated, **{_WRITES: True})
        self._turns = FairLock()
        self._data_version = None if self.file is None else DataVersion(str(self.file))

    @property
    def is_sqlite(self) -> bool:
        """Whether the workspace is a SQLite database."""
        return self.engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file of the workspace; None on PostgreSQL and for a temporary database."""
        path = self.engine.url.database
        return Path(path) if self.is_sqlite and path else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the data. Raises Unavailable."""
        with _plain_errors(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """An atomic transaction, the only writing one of the workspace.

        Writers of a workspace take turns on SQLite and PostgreSQL. So facts that a query has checked hold until the
        end, and there are no deadlocks. Raises Unavailable, and Invalid for JSON with an infinite number.
        """
        # Threads wait here, without a connection, and not in the database, which may starve one.
        with _plain_errors(), self._turns.turn(_BUSY_MILLISECONDS / 1000), self._writing.begin() as connection:
            if not self.is_sqlite:
                lock = {"patience": str(_BUSY_MILLISECONDS), "schema": self.schema or ""}
                connection.execute(_LOCK_WORKSPACE, lock)
            yield connection

    def check(self) -> None:
        """Raise Unavailable if the database cannot be reached."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def data_version(self) -> int | None:
        """A number that changes whenever the data changes; None if that cannot be told."""
        return None if self._data_version is None else self._data_version.read()

    def close(self) -> None:
        """Close all connections."""
        if self._data_version is not None:
            self._data_version.close()
        self.engine.dispose()


_ONE_STATE: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
# Ends with the transaction, as connection poolers require. The number separates it from other programs' locks.
_LOCK_WORKSPACE = text(
    "SELECT set_config('lock_timeout', :patience, true), pg_advisory_xact_lock(1702259057, hashtext(:schema))"
)


def create_database(address: str, schema: str | None = None, clock: Callable[[], datetime] = utc_now) -> Database:
    """Connect to a database: a path, `sqlite:///path` or `postgresql://…`. Reads and writes no table.

    Raises Invalid for other addresses.
    """
    url = database_url(address)
    if url.get_backend_name() == "sqlite":
        return Database(_sqlite_engine(url), None, clock)
    return Database(_postgresql_engine(url), schema, clock)


def create_temporary_database(clock: Callable[[], datetime] = utc_now) -> Database:
    """An empty SQLite database that no other process can open, and that ends with this one, even if it is killed.

    SQLite makes the file with mode 0600, and unlinks it before it writes the first page (Windows deletes it with its
    last handle). A second connection would get a database of its own: there is one, and transactions take turns.
    """
    connect = partial(sqlite3.connect, "", check_same_thread=False)
    options: dict[str, Any] = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, "creator": connect}
    return Database(_sqlite_engine(URL.create("sqlite"), **options), None, clock)


def database_url(address: str) -> URL:
    """The URL of a database that is given as a path or a URL. Raises Invalid."""
    if "://" not in address and address != ":memory:":
        return URL.create("sqlite", database=str(_file(address)))
    try:
        url = make_url(address)
    except ArgumentError:
        raise Invalid("The database address is not valid. Use a file path, sqlite:///PATH or postgresql://…") from None
    backend = url.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return url
    raise Invalid("The database must be a file path, sqlite:///PATH or postgresql://USER@HOST/NAME.")


def _file(address: str) -> Path:
    try:
        return Path(address).expanduser().absolute()
    except RuntimeError:
        raise Invalid("The home folder (~) in the database path is unknown. Write the full path.") from None


def _sqlite_engine(url: URL, **options: Any) -> Engine:
    pooled: dict[str, Any] = {"pool_size": 8, "max_overflow": 32, **options}
    connect_args = {"timeout": _BUSY_MILLISECONDS / 1000, "check_same_thread": False}
    engine = create_engine(url, connect_args=connect_args, json_serializer=compact_json, **pooled)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    """Use WAL with normal synchronisation: commits survive any end of the process."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}").close()
    _use_wal(connection)
    for pragma in (
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-16000",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    add_functions(connection)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL. SQLite itself does not wait while another connection writes in the old mode."""
    give_up = time.monotonic() + _BUSY_MILLISECONDS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
        time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at the start, because a later upgrade of the transaction could fail half-way."""
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql_engine(url: URL) -> Engine:
    return create_engine(
        url,
        # A connection pooler may give each transaction another server session.
        connect_args={"prepare_threshold": None, "connect_timeout": 10},
        json_serializer=compact_json,
        # Several servers share the connections of a database, by default a hundred.
        pool_size=8,
        max_overflow=12,
        pool_pre_ping=True,
    )


def compact_json(value: Any) -> str:
    """JSON without spaces, in UTF-8 without escapes. Raises Invalid for NaN and infinities."""
    content = to_json(value)
    if b"NaN" in content or b"Infinity" in content:
        try:
            json.dumps(value, allow_nan=False)
        except ValueError as error:
            # JSON may have numbers like 1e999, which Python reads as infinity.
            raise Invalid("A number is too large to store. Nothing was written.") from error
    return content.decode()


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except (TimeoutError, NoConnectionFreeError) as error:
        raise Unavailable(_BUSY) from error
    except (OperationalError, DatabaseError, InterfaceError) as error:
        sentence = _explain(error)
        if sentence is None:
            raise
        raise Unavailable(sentence) from error
    except StatementError as error:
        if not isinstance(error.orig, Invalid):
            raise
        raise error.orig from error


_SQLITE_SENTENCES = {
    sqlite3.SQLITE_FULL: "The database disk is full. Nothing was written. Free some space and repeat.",
    sqlite3.SQLITE_NOTADB: "The database file is damaged or not a SQLite database. It was not changed.",
    sqlite3.SQLITE_CORRUPT: "The database file is damaged. It was not changed. Restore a backup or choose another.",
    sqlite3.SQLITE_READONLY: "The database cannot be written: the file or its folder is read-only.",
    sqlite3.SQLITE_CANTOPEN: "The database file cannot be opened or created: it must not be a folder, and its own "
    "folder must exist and be writable.",
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_PROTOCOL: _BUSY,
    sqlite3.SQLITE_IOERR: "The database disk reports an error. Nothing was written.",
}


_POSTGRESQL_SENTENCES = {
    "25006": "The database cannot be written: the server is a read-only replica.",
    "40001": "Another program changed the same data. Nothing was written. Repeat the request.",
    "40P01": "Another program changed the same data. Nothing was written. Repeat the request.",
    "42501": "The database user lacks a permission: it must be able to create schemas and own those of evals-mcp.",
    "53100": "The database disk is full. Nothing was written. Free some space and repeat.",
    "53300": "The database server has no free connection. Repeat the request.",
    "55P03": _BUSY,
    "57014": "The database server stopped the request because it took too long. Nothing was written.",
}


def _explain(error: DBAPIError) -> str | None:
    """The message for a failure of the storage; None for a bug of ours."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE_SENTENCES.get(code & 0xFF)
    sentence = _POSTGRESQL_SENTENCES.get(getattr(error.orig, "sqlstate", None) or "")
    if sentence is not None:
        return sentence
    if isinstance(error, OperationalError | InterfaceError):
        return (
            "The database server cannot be reached or refused the request. "
            "Check that it runs, and check address, user and password. Then repeat."
        )
    return None
