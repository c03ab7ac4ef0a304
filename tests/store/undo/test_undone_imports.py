"""An import is one entry and one undo, which deletes what it brought, leaves the rest, or is refused whole."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from tests.loaded_stores import OpenStore, Served, empty_file, new_store, served
from tests.random_documents import documents, ident
from tests.recount import check_counts

from evals_mcp.errors import Conflict, Invalid
from evals_mcp.importers import loader
from evals_mcp.models.evaluation_document import JudgmentRecord, LogRecord, Record, RunRecord
from evals_mcp.models.review_queue import ReviewRequest
from evals_mcp.sample.support_bot import read_sample
from evals_mcp.store.database.tables import evaluations, logs, metadata
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store

__all__ = ["empty_file", "new_store", "served"]

_GROWS = {"runs.revision", "runs.updated_at", "evaluations.updated_at", "versions.last_used_at"}
_JOURNAL = {"journal", "journal_names", "journal_rows"}


def _held(store: Store) -> dict[str, list[Any]]:
    """All rows but those of the journal, without what only grows."""
    with store.database.read() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(select(*columns)))
            for table in metadata.sorted_tables
            if table.name not in _JOURNAL
            for columns in [[column for column in table.c if str(column) not in _GROWS]]
        }


@pytest.mark.slow
def test_an_undone_import_leaves_what_was_there(
    new_store: OpenStore,
    served: Served,
    monkeypatch: pytest.MonkeyPatch,
    examples: Callable[[int], int],
) -> None:
    """Whatever part of it was there before, and however many batches it took; then it can be loaded again."""

    @settings(max_examples=examples(20), suppress_health_check=list(HealthCheck), deadline=None)
    @given(document=documents(), size=st.integers(1, 9), data=st.data())
    def check(document: list[Record], size: int, data: st.DataObject) -> None:
        with closing(new_store()) as store:
            served.load(store, document[: data.draw(st.integers(0, len(document) - 1))])
            before, total = _held(store), store.journal.page(1, 1).total
            monkeypatch.setattr(loader, "_MOST_RECORDS", size)
            added = served.load(store, document).added
            monkeypatch.undo()
            page = store.journal.page(1, 1)
            if page.total == total:
                assert (_held(store), added) == (before, {})
                return
            entry = page.records[0]
            assert (page.total - total, entry.kind, entry.undoable) == (1, "import", True)
            assert entry.result["added"] == added
            after = _held(store)
            if sum(added.values()) > 1:
                with pytest.raises(Invalid, match=rf"deletes {sum(added.values()):,} rows .*confirm=true"):
                    store.journal.undo(entry.id)
            store.journal.undo(entry.id, confirm=True)
            assert _held(store) == before
            check_counts(store)
            served.load(store, document)
            assert {name: len(rows) for name, rows in _held(store).items()} == {
                name: len(rows) for name, rows in after.items()
            }

    check()


@pytest.mark.parametrize("new_store", ["sqlite"], indirect=True)
def test_an_import_that_was_built_on_stays(new_store: OpenStore, served: Served) -> None:
    """Each thing that was built on the sample names itself; once it is gone, the sample goes as a whole."""
    with closing(new_store()) as store:
        before = _held(store)
        served.load(store, list(read_sample()))
        handle = store.journal.page(1, 1).records[0].id
        with store.database.read() as connection:
            log = connection.execute(select(logs).where(logs.c.judged_log_number.is_(None)).limit(1)).one()
            judge = connection.execute(select(logs).where(logs.c.judged_log_number == log.number).limit(1)).one()
        judged = store.logs.create_judgment(LogTarget(version_id=judge.version_id), log.id, {"error": "late"}).id
        copied = store.logs.create("prompt", LogTarget(version_id=log.version_id), {"output": "later"}).id
        for later, word in ((judged, "judges an imported log"), (copied, "version has other logs")):
            with pytest.raises(Conflict, match=word):
                store.journal.undo(handle, confirm=True)
            store.logs.delete([later])
        assert _held(store) != before
        store.journal.undo(handle, confirm=True)
        assert _held(store) == before
        with pytest.raises(Conflict, match="undone before"):
            store.journal.undo(handle, confirm=True)


@pytest.mark.parametrize("new_store", ["sqlite"], indirect=True)
def test_a_later_import_is_undone_first(new_store: OpenStore, served: Served) -> None:
    """One that judges logs of the first and adds a run to its evaluation, in the order in which they can go."""
    first = list(read_sample())
    run = next(record for record in first if isinstance(record, RunRecord))
    log = next(record for record in first if isinstance(record, LogRecord) and run.id in record.run_ids)
    judgment = next(record for record in first if isinstance(record, JudgmentRecord))
    second: list[Record] = [
        run.model_copy(update={"id": ident("run", "later")}),
        log.model_copy(update={"id": ident("log", "later"), "run_ids": [ident("run", "later")]}),
        judgment.model_copy(update={"id": ident("log", "judgment"), "judged_log_id": log.id, "user": "ana"}),
    ]
    with closing(new_store()) as store:
        served.load(store, first)
        between = _held(store)
        served.load(store, second)
        later, earlier = [entry.id for entry in store.journal.page(1, 2).records]
        with pytest.raises(Conflict):
            store.journal.undo(earlier, confirm=True)
        store.journal.undo(later, confirm=True)
        assert _held(store) == between
        store.journal.undo(earlier, confirm=True)
        check_counts(store)


@pytest.mark.parametrize("new_store", ["sqlite"], indirect=True)
def test_a_log_that_was_handed_out_does_not_keep_an_import(new_store: OpenStore, served: Served) -> None:
    """A hand-out ends by itself and cannot be undone, so nothing waits for it; it goes with its log."""
    with closing(new_store()) as store:
        before = _held(store)
        served.load(store, list(read_sample()))
        handle = store.journal.page(1, 1).records[0].id
        with store.database.read() as connection:
            evaluation = connection.execute(select(evaluations.c.id)).scalars().one()
        asked = ReviewRequest(reviewer="ann", order="even", scales=[])
        assert served.use(store, lambda client: client.review_queue.next(evaluation, asked)).item is not None
        store.journal.undo(handle, confirm=True)
        assert _held(store) == before
