"""The tests' new databases: the repeated migrations make the same tables in the default schema and in a named one."""

from contextlib import closing

import pytest
from sqlalchemy import inspect
from tests import migrated_once

from evals_mcp.store.store import open_store


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
