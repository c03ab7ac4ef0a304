"""SQLAlchemy's engines for SQLite and PostgreSQL, with the settings of each connection. No tables, no queries."""

import json
import sqlite3
from functools import partial
from typing import Any

from pydantic_core import PydanticSerializationError, to_json
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from evals_mcp.errors import Invalid, Unavailable
from evals_mcp.models.large_json import CompactJson
from evals_mcp.store.database.json_values import add_json_functions
from evals_mcp.store.database.moment_sql import add_moment_functions
from evals_mcp.store.database.nodes import require_coordinator
from evals_mcp.store.database.sqlite_file import BUSY_MILLISECONDS, KEPT_LOG, SqliteFile
from evals_mcp.store.database.text_search import add_functions

WRITES = "evals_mcp_writes"
"""The execution option of transactions that write."""


def sqlite_engine(file: SqliteFile) -> Engine:
    """An engine for a file."""
    engine = _sqlite_engine(creator=file.connect, pool_size=8, max_overflow=32)
    event.listen(engine, "connect", lambda connection, _: file.use_wal(connection))
    return engine


def temporary_sqlite_engine() -> Engine:
    """An engine for an empty database without a name. It has one connection, because a second one would see another."""
    connect = partial(sqlite3.connect, "", check_same_thread=False, isolation_level=None)
    return _sqlite_engine(creator=connect, pool_size=1, max_overflow=0)


def postgresql_engine(url: URL) -> Engine:
    """An engine for a PostgreSQL server."""
    engine = create_engine(
        url,
        # A connection pooler may give each transaction another server session. An administrator may have set another
        # encoding for the role or the database.
        connect_args={"prepare_threshold": None, "connect_timeout": 10, "client_encoding": "utf8"},
        json_serializer=compact_json,
        # Several servers share the connections of a database, by default a hundred.
        pool_size=8,
        max_overflow=12,
        pool_pre_ping=True,
    )
    event.listen(engine, "connect", _require_unicode)
    event.listen(engine, "first_connect", require_coordinator)
    event.listen(engine, "checkin", _forget_reading)
    return engine


def _require_unicode(connection: Any, record: Any) -> None:
    encoding = connection.info.parameter_status("server_encoding") or "UTF8"
    if encoding != "UTF8":
        raise Unavailable(
            f"The encoding of this PostgreSQL database is {encoding}, which cannot hold every text. Create one with "
            "`CREATE DATABASE evals ENCODING 'UTF8' TEMPLATE template0`, and use that."
        )


def _forget_reading(connection: Any, record: Any) -> None:
    """Leave it to the server whether the next transaction may write.

    SQLAlchemy asks for one that may, after one that only reads, and so overrides `default_transaction_read_only`.
    """
    if connection is not None and not connection.closed:
        connection.read_only = None


def compact_json(value: Any) -> str:
    """JSON without spaces, in UTF-8 without escapes. Raises Invalid for NaN and infinities."""
    if isinstance(value, CompactJson):
        return value.text
    try:
        content = to_json(value)
    except PydanticSerializationError:
        if not isinstance(value, dict):
            raise
        # A large field among others.
        return "{" + ",".join(f"{compact_json(name)}:{compact_json(field)}" for name, field in value.items()) + "}"
    if b"NaN" in content or b"Infinity" in content:
        try:
            json.dumps(value, allow_nan=False)
        except ValueError as error:
            # JSON may have numbers like 1e999, which Python reads as infinity.
            raise Invalid("A number is too large to store. Nothing was written.") from error
    return content.decode()


_decode = json.JSONDecoder().raw_decode


def _read_json(text: str) -> Any:
    """What `compact_json` wrote. `json.loads` takes most of its time to look for blanks around a short text."""
    return _decode(text)[0]


def _sqlite_engine(**options: Any) -> Engine:
    engine = create_engine(
        URL.create("sqlite"),
        poolclass=QueuePool,
        json_serializer=compact_json,
        json_deserializer=_read_json,
        **options,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    """Use normal synchronisation. With WAL, commits survive any end of the process."""
    for pragma in (
        f"busy_timeout={BUSY_MILLISECONDS}",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-16000",
        f"journal_size_limit={KEPT_LOG}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    add_functions(connection)
    add_json_functions(connection)
    add_moment_functions(connection)


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at the start, because a later upgrade of the transaction could fail half-way."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
