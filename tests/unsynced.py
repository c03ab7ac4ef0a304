"""SQLite files of tests are not synchronised with the disk: no test takes the power away.

A process that is killed loses nothing by that, since the system keeps what it wrote. Processes that tests start
synchronise as always, and PostgreSQL's server of the tests does not either (`tests/postgresql.py`).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from evals_mcp.store.database import engines
from evals_mcp.store.database.sqlite_file import SqliteFile

_prepare, _use_wal = engines._prepare_sqlite, SqliteFile.use_wal


@pytest.fixture(scope="session", autouse=True)
def unsynced() -> Iterator[None]:
    """Wait for no disk in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "_prepare_sqlite", _prepare_unsynced)
        patch.setattr(SqliteFile, "use_wal", _use_wal_unsynced)
        yield


def _prepare_unsynced(connection: sqlite3.Connection, record: Any) -> None:
    _prepare(connection, record)
    _do_not_wait(connection)


def _use_wal_unsynced(file: SqliteFile, connection: sqlite3.Connection) -> None:
    if file.may_write:
        with suppress(sqlite3.Error):  # what is wrong with the file is told by what comes next
            _do_not_wait(connection)
    _use_wal(file, connection)


def _do_not_wait(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous=OFF").close()
