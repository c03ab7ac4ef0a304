"""What statistics of runs read: the narrow rows that runs keep, and no text of a log."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from evals_mcp.store.database.tables import judgments
from evals_mcp.store.store import Store, open_store


def _columns_read(path: Path, ask: Callable[[Store], Any]) -> set[tuple[str, str]]:
    """The table and name of every column that SQLite reads for an answer, as it tells whoever authorises it."""
    read: set[tuple[str, str]] = set()

    def authorise(action: int, table: str | None, column: str | None, *_: Any) -> int:
        if action == sqlite3.SQLITE_READ:
            read.add((str(table), str(column)))
        return sqlite3.SQLITE_OK

    with closing(open_store(str(path))) as store:
        store.database.engine.dispose()
        event.listen(store.database.engine, "connect", lambda connection, _: connection.set_authorizer(authorise))
        ask(store)
    return read


@pytest.mark.parametrize("asked", ["stats", "overview"])
def test_statistics_read_no_column_of_logs(sample_copy: Path, asked: str) -> None:
    """So they cost the same however long the outputs are."""
    with closing(open_store(str(sample_copy))) as store:
        (evaluation,) = (row.id for row in store.overviews.list_evaluations(None, 10, 0).rows)

    def ask(store: Store) -> Any:
        return store.stats.get(evaluation) if asked == "stats" else store.overviews.get(evaluation)

    read = _columns_read(sample_copy, ask)
    assert {column for table, column in read if table == "logs"} == set()
    assert (judgments.name, judgments.c.state.name) in read
