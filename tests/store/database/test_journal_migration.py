"""A database from before the journal gets it."""

from contextlib import closing

from sqlalchemy import select, text
from tests.counted_world import World
from tests.older_databases import set_back

from evals_mcp.store.database.tables import evaluations, journal_names
from evals_mcp.store.store import Store, open_store


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


def test_old_entries_are_found_by_what_they_name(database_address: str) -> None:
    """The writes of each evaluation are listed after the upgrade as before it, those of deleted logs, too."""
    with closing(open_store(database_address)) as store:
        world = World(store)
        world.journaled = True
        for step in ("log in run", "log in run", "judge", "close", "log in run", "delete log"):
            world.step(step, 0, 0, 1)
        names, listed = _names(store), _listed(store)
        assert names
        assert max(map(len, listed.values())) > 3
        with store.database.write() as connection:
            set_back(connection, "0010")
    with closing(open_store(database_address)) as store:
        assert (_names(store), _listed(store)) == (names, listed)


def _names(store: Store) -> set[tuple[int, str]]:
    with store.database.read() as connection:
        return {(row.entry, row.id) for row in connection.execute(select(journal_names))}


def _listed(store: Store) -> dict[str, list[str]]:
    with store.database.read() as connection:
        ids = list(connection.execute(select(evaluations.c.id)).scalars())
    return {id: [entry.id for entry in store.journal.page(1, 50, id).records] for id in ids}
