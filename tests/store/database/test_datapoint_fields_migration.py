"""A database from before fields of datapoints had a table gets it, filled from what it holds."""

from contextlib import closing

from sqlalchemy import func, select, text
from tests.older_databases import set_back
from tests.recount import check_fields

from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.store.database.tables import datapoint_fields
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import open_store


def test_old_datapoints_get_their_fields(database_address: str) -> None:
    """Each field of more datapoints than a batch has, of several datasets, and of none where there is nothing."""
    points = [
        CreateDatapointRequest(inputs={"n": n, "text": f"{n} ".rjust(300, "ä")}, target={"ok": n % 2 == 0})
        for n in range(1100)
    ]
    with closing(open_store(database_address)) as store:
        store.datasets.upsert(None, "a", points, "set", None, FileChange())
        store.datasets.upsert(None, "b", [CreateDatapointRequest(), *points[:2]], "set", None, FileChange())
        with store.database.write() as connection:
            for table in ("datapoint_fields", "journal", "journal_rows", "review_items"):
                connection.execute(text(f"DROP TABLE {table}"))
            connection.execute(text("ALTER TABLE evaluation_evaluators DROP COLUMN for_review"))
            set_back(connection, "0003")
    with closing(open_store(database_address)) as store:
        check_fields(store)
        with store.database.read() as connection:
            assert connection.execute(select(func.count()).select_from(datapoint_fields)).scalar() == 3306
        store.datasets.upsert(None, "a", [CreateDatapointRequest(inputs={"new": 1})], "add", None, FileChange())
        check_fields(store)
