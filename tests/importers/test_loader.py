"""The loader: batches, errors that name the record, progress, and servers that have only the documented routes."""

from contextlib import closing
from typing import Any

import pytest
from tests.loaded_stores import OpenStore, Served, empty_file, held_rows, new_store, own_ids, served, undeploy_all
from tests.recount import check_counts

from evals_mcp.client.bulk import Bulk
from evals_mcp.errors import EvalsError, Invalid
from evals_mcp.importers import loader
from evals_mcp.importers.loader import Loaded
from evals_mcp.models.evaluation_document import (
    ClearRecord,
    EvaluationRecord,
    FileRecord,
    JudgmentRecord,
    LogRecord,
    Record,
    VersionRecord,
)
from evals_mcp.models.json_structure import count_values
from evals_mcp.sample.support_bot import read_sample

__all__ = ["empty_file", "new_store", "served"]

pytestmark = pytest.mark.parametrize("new_store", ["sqlite"], indirect=True)  # tests/slow has PostgreSQL


def _sample(logs: int = 6) -> list[Record]:
    """The sample with some of its logs, and the judgments of these."""
    records = list(read_sample())
    first = [record.id for record in records if isinstance(record, LogRecord)][:logs]
    left_out = [
        record
        for record in records
        if (isinstance(record, LogRecord) and record.id not in first)
        or (isinstance(record, JudgmentRecord) and record.judged_log_id not in first)
    ]
    dropped = {id(record) for record in left_out}
    saved = [record.model_copy(update={"save": True}) if hasattr(record, "save") else record for record in records]
    return [new for record, new in zip(records, saved, strict=True) if id(record) not in dropped]


def test_the_sample_answers_alike_however_it_is_loaded(new_store: OpenStore, served: Served) -> None:
    """In bulk and record by record, ids and deployments apart; again, neither adds."""
    document = _sample()
    with closing(new_store()) as bulk, closing(new_store()) as single:
        ids = own_ids(served.load_singly(single, document))
        loaded = served.load(bulk, document)
        assert (loaded.ids, loaded.added) == ({}, loaded.records)
        undeploy_all(single)
        assert served.answers(bulk) == served.answers(single, ids)
        check_counts(bulk)
        before = held_rows(bulk)
        assert (served.load(bulk, document).added, held_rows(bulk)) == ({}, before)
        logs = held_rows(single)["logs"]
        assert served.load_singly(single, document).added == {}
        assert held_rows(single)["logs"] == logs


def test_a_wrong_record_is_named_and_the_batches_before_it_stay(
    new_store: OpenStore, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its position in the document, counted from 1; mended, the load goes on."""
    document = _sample()
    position = next(at for at, record in enumerate(document) if isinstance(record, JudgmentRecord))
    wrong = document[position].model_copy(update={"judgment": "no number"})
    monkeypatch.setattr(loader, "_MOST_RECORDS", 7)
    with closing(new_store()) as store:
        with pytest.raises(Invalid, match=rf"^Record {position + 1} of the document: ") as raised:
            served.load(store, [*document[:position], wrong, *document[position + 1 :]])
        assert raised.value.location[:2] == ("document", position + 1)
        held = held_rows(store)
        assert (len(held["datapoints"]), held["logs"]) == (40, [])
        assert served.load(store, document).added["log"] == 6
        check_counts(store)


def test_ids_that_a_server_has_already_are_used_in_later_batches(
    new_store: OpenStore, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document with other ids for the same things adds none of them again."""
    document = _sample()
    monkeypatch.setattr(loader, "_MOST_RECORDS", 3)
    files: list[Record] = [record for record in document if isinstance(record, FileRecord | VersionRecord)]
    renamed = [_with_other_ids(record) for record in files if record.record == "file" or not record.datapoint_ids]  # type: ignore[union-attr]
    with closing(new_store()) as store:
        served.load(store, document)
        before = held_rows(store)
        loaded = served.load(store, renamed)
        assert loaded.added == {}
        assert set(loaded.ids) == {"file", "version"}
        assert held_rows(store) == before


def _with_other_ids(record: Any) -> Any:
    changes = {name: f"x-{getattr(record, name)}" for name in ("id", "file_id") if hasattr(record, name)}
    return record.model_copy(update=changes)


def test_progress_tells_how_far_a_load_is(
    new_store: OpenStore, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each batch, and at the end."""
    seen: list[int] = []

    async def note(loaded: Loaded) -> None:
        seen.append(loaded.records.total())

    document = _sample()
    monkeypatch.setattr(loader, "_MOST_RECORDS", 20)
    with closing(new_store()) as store:
        served.load(store, document, progress=note)
    assert seen == [*range(20, len(document), 20), len(document)]


def test_a_large_record_ends_a_batch(new_store: OpenStore, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches are limited in bytes, too."""
    monkeypatch.setattr(loader, "_MOST_BYTES", 1_000)
    with closing(new_store()) as store:
        assert served.load(store, _sample()).added["log"] == 6


def test_no_batch_has_more_values_than_a_server_takes(
    new_store: OpenStore, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Except a record that alone has more: the server tells which."""
    most, sent = 100, list[bytes]()
    load = Bulk.load

    async def noting(bulk: Bulk, lines: bytes, **options: Any) -> Any:
        sent.append(lines)
        return await load(bulk, lines, **options)

    monkeypatch.setattr(Bulk, "load", noting)
    monkeypatch.setattr(loader, "MOST_VALUES", most)
    with closing(new_store()) as store:
        assert served.load(store, _sample()).added["log"] == 6
        check_counts(store)
    assert len(sent) > 10
    assert [body for body in sent if count_values(body) > most and b"\n" in body] == []


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (VersionRecord(id="v", file_id="none", content={"model": "m"}), "Record 1 .*`none`"),
        (LogRecord(id="l", version_id="none"), "Record 1 .*`none`"),
        (EvaluationRecord(id="e", file_id="none"), "Record 1 "),
        (ClearRecord(run_id="none"), "overwrite"),
    ],
)
def test_what_the_documented_routes_do_not_take_is_named(
    new_store: OpenStore, served: Served, record: Record, message: str
) -> None:
    """By its position, as in bulk."""
    with closing(new_store()) as store, pytest.raises(EvalsError, match=message):
        served.load_singly(store, [record])


def test_a_server_without_the_bulk_route_is_not_overwritten(new_store: OpenStore, served: Served) -> None:
    """It could not be."""
    with closing(new_store()) as store:
        before = held_rows(store)
        with pytest.raises(Invalid, match="cannot overwrite it"):
            served.load_singly(store, _sample(), overwrite=True)
        assert held_rows(store) == before
