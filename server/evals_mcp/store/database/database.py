"""One workspace's database: connections and transactions on SQLite or PostgreSQL; no tables, no queries."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError

from evals_mcp.errors import Invalid, Unavailable
from evals_mcp.store.database.data_version import DataVersion
from evals_mcp.store.database.fair_lock import FairLock

_BUSY_MILLISECONDS = 15_000
_BUSY = "The database is busy with other writing; repeat the request."
_WRITES = "evals_mcp_writes"


def utc_now() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


class Database:
    """Hands out transactions on one workspace. `read` never writes; `write` has the only right to write.

    On PostgreSQL a workspace is the schema `schema`; on SQLite it is the file, and `schema` is None. Several
    databases may share an engine, each with a schema of its own.
    """

    def __init__(self, engine: Engine, schema: str | None = None, clock: Callable[[], datetime] = utc_now) -> None:
        self.engine = engine
        self.schema = schema
        self.now = clock
        # All options of an engine at once: SQLAlchemy 2.0 takes no isolation level for an engine that has options.
        translated: dict[str, Any] = {"schema_translate_map": {None: schema}} if schema else {}
        self._reading = engine if self.is_sqlite else engine.execution_options(**translated, **_ONE_STATE)
        self._writing = engine.execution_options(**translated, **{_WRITES: True})
        self._turns = FairLock()
        self._data_version = DataVersion(str(engine.url.database)) if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        """Whether the workspace is a SQLite file."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the data. Raises Unavailable."""
        with _plain_errors(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is kept whole or not at all, and the workspace's only one that writes.

        What the queries check they may rely on until the end, on PostgreSQL as on SQLite: writers of a workspace take
        turns, so none is given up for a deadlock. Raises Unavailable, and Invalid for JSON with an infinite number.
        """
        # Threads wait here, where waiting takes no connection, and not in the database, which may pass one over.
        with _plain_errors(), self._turns.turn(_BUSY_MILLISECONDS / 1000), self._writing.begin() as connection:
            if not self.is_sqlite:
                lock = {"patience": str(_BUSY_MILLISECONDS), "schema": self.schema or ""}
                connection.execute(_LOCK_WORKSPACE, lock)
            yield connection

    def check(self) -> None:
        """Raise Unavailable if the database cannot be reached now."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def data_version(self) -> int | None:
        """A number that differs from the one before if the data has changed since; None where that cannot be told."""
        return None if self._data_version is None else self._data_version.read()

    def close(self) -> None:
        """Give back every connection."""
        if self._data_version is not None:
            self._data_version.close()
        self.engine.dispose()


_ONE_STATE: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
# Gone with the transaction, as a connection pooler needs it; the number keeps the lock apart from other programs'.
_LOCK_WORKSPACE = text(
    "SELECT set_config('lock_timeout', :patience, true), pg_advisory_xact_lock(1702259057, hashtext(:schema))"
)


def create_database(address: str, schema: str | None = None, clock: Callable[[], datetime] = utc_now) -> Database:
    """Connect to a database, given as a path, `sqlite:///path` or `postgresql://…`; no table is touched.

    Raises Invalid for an address that is neither.
    """
    url = database_url(address)
    if url.get_backend_name() == "sqlite":
        return Database(_sqlite_engine(url), None, clock)
    return Database(_postgresql_engine(url), schema, clock)


def database_url(address: str) -> URL:
    """The URL of a database given as a path or a URL. Raises Invalid."""
    if "://" not in address and address != ":memory:":
        return URL.create("sqlite", database=str(_file(address)))
    try:
        url = make_url(address)
    except ArgumentError:
        raise Invalid("The database address is not a URL. Use a file path, sqlite:///PATH or postgresql://…") from None
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
        raise Invalid("The home folder in the path of the database (~) is not known: write the whole path.") from None


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": _BUSY_MILLISECONDS / 1000, "check_same_thread": False},
        json_serializer=compact_json,
        pool_size=8,
        max_overflow=32,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    """WAL with normal synchronisation: what was committed survives the end of the process, however it ends."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={_BUSY_MILLISECONDS}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-16000",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at the start: a transaction that upgrades later can be refused half-way."""
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql_engine(url: URL) -> Engine:
    return create_engine(
        url,
        # A connection pooler in front may give each transaction another server session.
        connect_args={"prepare_threshold": None, "connect_timeout": 10},
        json_serializer=compact_json,
        # Several servers share the connections of a database, of which there are a hundred unless it says otherwise.
        pool_size=8,
        max_overflow=12,
        pool_pre_ping=True,
    )


def compact_json(value: Any) -> str:
    """JSON without spaces, in UTF-8 rather than escapes. Raises Invalid for NaN and infinities."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        # Free JSON may have numbers like 1e999, which Python reads as infinity.
        raise Invalid("A number is too large to be kept; nothing was written.") from error


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
    sqlite3.SQLITE_FULL: "The disk of the database is full; nothing was written. Free some space and repeat.",
    sqlite3.SQLITE_NOTADB: "The database file is not a SQLite database, or it is damaged. It was left as it is.",
    sqlite3.SQLITE_CORRUPT: "The database file is damaged. It was left as it is: restore a copy or choose another.",
    sqlite3.SQLITE_READONLY: "The database cannot be written: the file or its folder is read-only.",
    sqlite3.SQLITE_CANTOPEN: "The database file cannot be opened or created: it must be no folder, and its own folder "
    "must exist and be writable.",
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_IOERR: "The disk of the database reports an error; nothing was written.",
}


_POSTGRESQL_SENTENCES = {
    "25006": "The database cannot be written: the server is a read-only copy.",
    "40001": "Another program changed the same data meanwhile; nothing was written. Repeat the request.",
    "40P01": "Another program changed the same data meanwhile; nothing was written. Repeat the request.",
    "42501": "The database user may not do this: it needs the right to make schemas, and to own those of evals-mcp.",
    "53100": "The disk of the database is full; nothing was written. Free some space and repeat.",
    "53300": "The database server has no connection free; repeat the request.",
    "55P03": _BUSY,
    "57014": "The database server gave the request up because it took too long; nothing was written.",
}


def _explain(error: DBAPIError) -> str | None:
    """A sentence for a failure of the storage itself; None for a mistake of ours."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE_SENTENCES.get(code & 0xFF)
    sentence = _POSTGRESQL_SENTENCES.get(getattr(error.orig, "sqlstate", None) or "")
    if sentence is not None:
        return sentence
    if isinstance(error, OperationalError | InterfaceError):
        return (
            "The database server cannot be reached or refused the request. "
            "Check its address, user and password, and that it runs; then repeat."
        )
    return None
