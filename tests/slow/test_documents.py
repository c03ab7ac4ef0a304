"""Generated documents: loaded in bulk they answer as written one by one, and a load may be cut, repeated or renewed."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.loaded_stores import OpenStore, Served, empty_file, held_rows, new_store, own_ids, served, undeploy_all
from tests.random_documents import documents, ident
from tests.recount import check_counts

from evals_mcp.importers import loader
from evals_mcp.models.evaluation_document import ClearRecord, Record
from evals_mcp.store.store import Store

__all__ = ["empty_file", "new_store", "served"]

_RUNS = 2
_UNCHECKED = list(HealthCheck)
_STATUSES = (None, "running", "completed", "cancelled")


def test_bulk_answers_what_single_writes_answer(
    new_store: OpenStore, served: Served, examples: Callable[[int], int]
) -> None:
    """Every GET, statistics and every review, ids and deployments apart; loaded again, neither adds anything."""

    @settings(max_examples=examples(10), suppress_health_check=_UNCHECKED)
    @given(document=documents(for_review=False))
    def check(document: list[Record]) -> None:
        with closing(new_store()) as bulk, closing(new_store()) as single:
            ids = own_ids(served.load_singly(single, document))
            undeploy_all(single)
            assert served.load(bulk, document).ids == {}
            assert served.answers(bulk) == served.answers(single, ids)
            check_counts(bulk)
            before = held_rows(bulk)
            assert (served.load(bulk, document).added, held_rows(bulk)) == ({}, before)
            before = held_rows(single)
            assert (served.load_singly(single, document).added, held_rows(single)["logs"]) == ({}, before["logs"])

    check()


def test_an_interrupted_load_goes_on(
    new_store: OpenStore, served: Served, monkeypatch: pytest.MonkeyPatch, examples: Callable[[int], int]
) -> None:
    """In batches of any size, cut off anywhere and loaded again, a store answers as after one batch."""

    @settings(max_examples=examples(10), suppress_health_check=_UNCHECKED)
    @given(document=documents(statuses=_STATUSES), size=st.integers(1, 9), data=st.data())
    def check(document: list[Record], size: int, data: st.DataObject) -> None:
        with closing(new_store()) as whole, closing(new_store()) as parts:
            served.load(whole, document)
            monkeypatch.setattr(loader, "_MOST_RECORDS", size)
            served.load(parts, document[: data.draw(st.integers(0, len(document)))])
            served.load(parts, document)
            monkeypatch.undo()
            assert served.answers(parts) == served.answers(whole)
            check_counts(parts)

    check()


def test_a_copy_becomes_what_it_is_copied_from(
    new_store: OpenStore, served: Served, examples: Callable[[int], int]
) -> None:
    """Where a load overwrites, and clears the runs first, evaluations answer as in a store that never held others."""
    cleared = [ClearRecord(run_id=ident("run", run)) for run in range(_RUNS)]
    drawn = documents(statuses=_STATUSES, runs=_RUNS)

    @settings(max_examples=examples(10), suppress_health_check=_UNCHECKED)
    @given(before=drawn, after=drawn)
    def check(before: list[Record], after: list[Record]) -> None:
        with closing(new_store()) as copy, closing(new_store()) as fresh:
            served.load(copy, before, overwrite=True)
            served.load(copy, [*cleared, *after], overwrite=True)
            check_counts(copy)
            served.load(fresh, after, overwrite=True)
            assert _evaluations(served, copy, after) == _evaluations(served, fresh, after)

    check()


def _evaluations(served: Served, store: Store, document: list[Record]) -> dict[str, Any]:
    """What is said of the evaluations of a document, without what depends on all that the store holds."""
    ids = [record.id for record in document if record.record == "evaluation"]
    answers = served.answers(store)
    return {asked: _without(answer) for asked, answer in answers.items() if any(id in asked for id in ids)}


def _without(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {name: _without(item) for name, item in answer.items() if name not in _OF_THE_STORE}
    return [_without(item) for item in answer] if isinstance(answer, list | tuple) else answer


_OF_THE_STORE = ("version_logs_count", "total_logs_count", "environments", "last_used_at", "after", "changed_at")
