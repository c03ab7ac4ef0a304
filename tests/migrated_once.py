"""SQLite databases get their tables from the migrations once; each new one repeats the statements, which is far faster.

The tests of `tests/store/database` run the migrations each time.
"""

import functools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Connection, update

from evals_mcp.store.database import opening
from evals_mcp.store.database.database import driver_connection
from evals_mcp.store.database.opening import WORKSPACE, Migrations
from evals_mcp.store.database.tables import environments
from evals_mcp.store.store import open_store

_migrate = opening._upgrade


@pytest.fixture(scope="session", autouse=True)
def migrated_once() -> Iterator[None]:
    """Repeat what the migrations did, in place of the migrations."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "_upgrade", _repeat)
        yield


@pytest.fixture
def real_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the migrations for each new database of a test."""
    monkeypatch.setattr(opening, "_upgrade", _migrate)


def _repeat(connection: Connection, schema: str | None, migrations: Migrations) -> None:
    if connection.dialect.name != "sqlite" or migrations != WORKSPACE or _has_tables(connection):
        _migrate(connection, schema, migrations)
        return
    driver = driver_connection(connection)
    for statement in _statements():
        driver.execute(statement)
    connection.execute(update(environments).values(created_at=datetime.now(UTC)))


def _has_tables(connection: Connection) -> bool:
    return connection.exec_driver_sql("SELECT 1 FROM sqlite_master").first() is not None


@functools.cache
def _statements() -> list[str]:
    """What makes a database that the migrations have made."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "_upgrade", _migrate)
        path = Path(folder) / "evals.db"
        open_store(str(path)).close()
        with closing(sqlite3.connect(path)) as connection:
            return [line for line in connection.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;")]
