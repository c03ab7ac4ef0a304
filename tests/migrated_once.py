"""New databases get their tables by what the migrations made once, which is far faster than migrating.

A SQLite database is copied; on PostgreSQL the statements are repeated, and on both for the tables of teams. The tests
of migrations and of opening a database, in `tests/store/database`, migrate each time.
"""

import os
import re
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from sqlalchemy import Connection, event, inspect

from evals_mcp.store.database import opening
from evals_mcp.store.database.database import Database, create_database, driver_connection
from evals_mcp.store.database.opening import WORKSPACE, Migrations
from evals_mcp.store.database.sqlite_file import APPLICATION_ID
from evals_mcp.store.database.states import creatable

_migrate, _is_current = opening._upgrade, opening._is_current
_IN_FIRST = "{schema}"
Statements = list[tuple[str, Any]]
_made: dict[tuple[str, str, bool], Statements] = {}
"""By the kind of database and of tables, and whether these are in a named schema: then some statements name it."""


class _Templates:
    """A SQLite file and a temporary database with their tables, made when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "evals.db"
        self._temporary: sqlite3.Connection | None = None

    def fill(self, database: Database) -> None:
        """Give a new SQLite database its tables."""
        if database.file is None:
            with database.engine.connect() as connection:
                self._made().backup(driver_connection(connection))
        elif database.file.read_only or not os.path.isdir(database.file.path.parent):
            return
        elif creatable(str(database.file.path)):
            self._made()
            copy = database.file.path.with_name(f"{secrets.token_hex(6)}.copy")
            copyfile(self._path, copy)
            with suppress(FileExistsError):  # another thread was faster
                database.file.path.hardlink_to(copy)
            copy.unlink()

    def close(self) -> None:
        """Forget the temporary database."""
        if self._temporary is not None:
            self._temporary.close()

    def _made(self) -> sqlite3.Connection:
        if self._temporary is None:
            with closing(create_database(str(self._path))) as database, database.write() as connection:
                _migrate(connection, None, WORKSPACE)
                connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            unlogged = self._path.with_name("unlogged.db")  # a temporary database has no write-ahead log
            with closing(sqlite3.connect(self._path)) as source:
                source.execute("VACUUM INTO ?", (str(unlogged),))
            self._temporary = sqlite3.connect(unlogged, check_same_thread=False)
        return self._temporary


@pytest.fixture(scope="session", autouse=True)
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Copy or repeat what the migrations did, in place of the migrations."""
    templates = _Templates(tmp_path_factory.mktemp("migrated"))

    def is_current(database: Database, migrations: Migrations, known: Sequence[str]) -> bool:
        if database.is_sqlite and migrations == WORKSPACE:
            templates.fill(database)
        return _is_current(database, migrations, known)

    with closing(templates), pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "_is_current", is_current)
        patch.setattr(opening, "_upgrade", _repeat)
        yield


@pytest.fixture
def real_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the migrations for each new database of a test."""
    monkeypatch.setattr(opening, "_is_current", _is_current)
    monkeypatch.setattr(opening, "_upgrade", _migrate)


def _repeat(connection: Connection, schema: str | None, migrations: Migrations, revision: str = "head") -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    is_older = revision not in ("head", opening.revisions(migrations)[-1])
    found = set(inspect(connection).get_table_names(schema=schema))
    if is_sqlite and migrations.is_guest:  # in the file of a workspace
        found &= {migrations.version_table, *migrations.own_tables}
    kind = connection.dialect.name, migrations.package, schema is not None
    if (is_sqlite and migrations == WORKSPACE) or is_older or found:
        _migrate(connection, schema, migrations, revision)
    elif (made := _made.get(kind)) is None:
        _made[kind] = _watch(connection, schema, migrations)
    else:
        for statement, parameters in made:
            connection.exec_driver_sql(statement.replace(_IN_FIRST, schema or ""), parameters)


def _watch(connection: Connection, schema: str | None, migrations: Migrations) -> Statements:
    """Migrate. What the migrations did, without what only reads; environments are as old in each repetition."""
    made: Statements = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().startswith(("ALTER", "CREATE", "DROP", "INSERT", "UPDATE")):
            named = statement if schema is None else re.sub(rf'"?\b{schema}\b"?\.', f'"{_IN_FIRST}".', statement)
            made.append((named, parameters))

    event.listen(connection, "before_cursor_execute", note)
    _migrate(connection, schema, migrations)
    event.remove(connection, "before_cursor_execute", note)
    return made
