"""The tests' new databases have the tables that migrations make: copied files, and statements repeated in schemas."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect
from tests import migrated_once
from tests.raw_rows import raw_rows

from evals_mcp.store.database import opening
from evals_mcp.store.store import Store, open_store, open_temporary_store
from evals_mcp.store.teams.control import Control, open_control


@pytest.mark.parametrize("first", ["team", None])
def test_repeated_migrations_know_their_schema(
    postgres_address: str, monkeypatch: pytest.MonkeyPatch, first: str | None
) -> None:
    """Whichever kind of schema a process migrates first."""
    monkeypatch.setattr(migrated_once, "_made", {})
    tables = []
    for schema in (first, "other", None if first else "another"):
        with closing(open_store(postgres_address, schema)) as store:
            tables.append(sorted(inspect(store.database.engine).get_table_names(schema=schema)))
    assert tables[0] == tables[1] == tables[2] != []


def test_copied_databases_are_migrated_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file and a temporary database hold the schema, the mark and the rows of a database that is migrated."""
    with closing(open_store(str(tmp_path / "copied.db"))) as copied, closing(open_temporary_store()) as temporary:
        monkeypatch.setattr(opening, "_is_current", migrated_once._is_current)
        monkeypatch.setattr(opening, "_upgrade", migrated_once._migrate)
        with closing(open_store(str(tmp_path / "migrated.db"))) as migrated:
            assert _contents(copied) == _contents(temporary) == _contents(migrated)
    with closing(sqlite3.connect(tmp_path / "copied.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_repeated_tables_of_teams_are_migrated_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second file of a process has the schema and the workspace of the first, whose tables were migrated."""
    monkeypatch.setattr(migrated_once, "_made", {})
    with (
        closing(open_control(str(tmp_path / "migrated.db"))) as migrated,
        closing(open_control(str(tmp_path / "repeated.db"))) as repeated,
    ):
        assert migrated.workspaces() == repeated.workspaces() != []
        assert _contents(migrated) == _contents(repeated)
        with repeated.database.read() as connection:
            assert "api_keys" in inspect(connection).get_table_names()


def _contents(store: Store | Control) -> tuple[object, ...]:
    with store.database.read() as connection:
        schema = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master ORDER BY name").all()
        mark = connection.exec_driver_sql("PRAGMA application_id").scalar()
    counts = {table: len(rows) for table, rows in raw_rows(store.database).items()}
    return schema, mark, counts
