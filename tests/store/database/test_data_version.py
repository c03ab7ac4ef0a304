"""Whether a database has changed is seen without reading it."""

from pathlib import Path

from sqlalchemy import text

from evals_mcp.store.database.database import Database, create_database
from evals_mcp.store.store import open_store


def write(database: Database) -> None:
    """Write a row."""
    with database.write() as connection:
        connection.execute(text("INSERT INTO environments VALUES (hex(randomblob(8)), hex(randomblob(8)), 'x', 'y')"))


def test_a_number_changes_with_every_write_from_anywhere_and_with_nothing_else(tmp_path: Path) -> None:
    """A write of this process over any connection counts, and so does one of another process."""
    path = str(tmp_path / "evals.db")
    store = open_store(path)
    other = create_database(path)
    seen = [store.database.data_version()]
    for database in (store.database, other, store.database, other):
        with database.read() as connection:
            connection.execute(text("SELECT count(*) FROM files")).scalar()
        assert store.database.data_version() == seen[-1]
        write(database)
        seen.append(store.database.data_version())
    assert None not in seen
    assert len(set(seen)) == len(seen)
    other.close()
    store.close()
    assert [item.name for item in tmp_path.iterdir()] == ["evals.db"]


def test_postgresql_does_not_tell(postgres_address: str) -> None:
    """There the server is asked."""
    store = open_store(postgres_address)
    assert store.database.data_version() is None
    store.close()
