"""A request id is one write, for several writers at once and across the end of a process at any moment."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import text

from evals_mcp.store.files.files import FileChange
from evals_mcp.store.journal.entries import Act
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store, open_store

_CALLERS = 4


def _write(store: Store, request: int) -> tuple[str, str | None]:
    """A write with this request id: the id of the log, and the handle."""
    act = Act(request_id=f"r{request}", digest="same")
    return store.logs.create("flow", LogTarget(path="f"), {"output": str(request)}, act=act).id, act.entry


def test_writers_at_once_share_the_first_result(database_address: str) -> None:
    """Several stores of one database, as processes have them, send each request at the same time."""
    stores = [open_store(database_address) for _ in range(_CALLERS)]
    try:
        stores[0].files.upsert("flow", None, "f", {"attributes": {"n": 1}}, FileChange())
        with ThreadPoolExecutor(_CALLERS) as pool:
            for request in range(10):
                found = list(pool.map(_write, stores, [request] * _CALLERS))
                assert len(set(found)) == 1
        assert stores[0].journal.page(1, 100).total == 10
        with stores[0].database.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM logs")).scalar() == 10
    finally:
        for store in stores:
            store.close()


def test_a_write_that_did_not_commit_left_no_entry(database_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An end before the commit leaves neither row nor entry, and the repeat writes; one after it leaves both."""
    with closing(open_store(database_address)) as store:
        store.files.upsert("flow", None, "f", {"attributes": {"n": 1}}, FileChange())
        with monkeypatch.context() as patch:
            patch.setattr(store.database, "_check_file", _end)
            with pytest.raises(KeyboardInterrupt):
                _write(store, 1)
    with closing(open_store(database_address)) as store:
        assert store.journal.page(1, 10).total == 0
        first = _write(store, 1)
    with closing(open_store(database_address)) as store:
        assert _write(store, 1) == first
        assert store.journal.page(1, 10).total == 1


def _end(openings: int) -> None:
    raise KeyboardInterrupt
