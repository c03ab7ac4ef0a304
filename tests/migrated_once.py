"""New databases get their tables by the statements that the migrations made once, which is far faster than migrating.

The tests of `tests/store/database` run the migrations each time.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, event, inspect

from evals_mcp.store.database import opening
from evals_mcp.store.database.opening import WORKSPACE, Migrations

_migrate = opening._upgrade
_IN_FIRST = "{schema}"
Statements = list[tuple[str, Any]]
_made: dict[tuple[str, bool], Statements] = {}
"""By the kind of database and whether the tables are in a named schema: then some statements name it."""


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
    kind = (connection.dialect.name, schema is not None)
    if migrations != WORKSPACE or inspect(connection).get_table_names(schema=schema):
        _migrate(connection, schema, migrations)
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
