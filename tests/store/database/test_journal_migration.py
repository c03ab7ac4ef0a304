"""A database from before the journal gets it."""

from contextlib import closing

from sqlalchemy import text
from tests.counted_world import World
from tests.older_databases import set_back

from evals_mcp.store.store import open_store


def test_an_old_database_gets_a_journal(database_address: str) -> None:
    """What was written before has no entries and stays; what is written afterwards has them, and can be undone."""
    with closing(open_store(database_address)) as store:
        world = World(store)
        world.step("log in run", 0, 0, 1)
        with store.database.write() as connection:
            for table in ("journal", "journal_rows", "review_items"):
                connection.execute(text(f"DROP TABLE {table}"))
            connection.execute(text("ALTER TABLE evaluation_evaluators DROP COLUMN for_review"))
            set_back(connection, "0004")
    with closing(open_store(database_address)) as store:
        assert store.journal.page(1, 10).total == 0
        world.store, world.journaled = store, True
        world.step("judge", 0, 0, 1)
        assert [entry.kind for entry in store.journal.page(1, 10).records] == ["create_judgment"]
        store.journal.undo(world.entries[0])
        assert len(store.logs.get(world.logs[0]).evaluator_logs) == 0
