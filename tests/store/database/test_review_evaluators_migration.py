"""A database from before evaluators were for review: those that labels brought become it."""

from contextlib import closing

from sqlalchemy import text
from tests.counted_world import World
from tests.older_databases import set_back

from evals_mcp.models.labels import LabelsRequest
from evals_mcp.store.journal.entries import Act
from evals_mcp.store.store import Store, open_store


def test_a_run_that_labels_made_wait_is_complete_again(database_address: str) -> None:
    """Evaluators that labels attached become those for review; the world's own stays one that runs wait for."""
    with closing(open_store(database_address)) as store:
        world = World(store)
        world.step("log in run", 0, 0, 1)
        world.step("judge", 0, 0, 1)
        evaluation = next(iter(_evaluations(store)))
        label = {"log_id": world.logs[0], "judgment": "tone"}
        request = {"evaluator": {"name": "mode"}, "labels": [label], "kind": "human", "author": "ann"}
        store.labels.label(evaluation, LabelsRequest.model_validate(request), act=Act(tool="label_logs"))
        with store.database.write() as connection:
            connection.execute(text("ALTER TABLE evaluation_evaluators DROP COLUMN for_review"))
            set_back(connection, "0007")
    with closing(open_store(database_address)) as store:
        attached = store.evaluations.get(evaluation).evaluators
        for_review = [item.version.name for item in attached if item.for_review]
        assert (for_review, len(attached)) == (["mode"], 2)


def _evaluations(store: Store) -> list[str]:
    with store.database.read() as connection:
        return list(connection.execute(text("SELECT id FROM evaluations ORDER BY number")).scalars())
