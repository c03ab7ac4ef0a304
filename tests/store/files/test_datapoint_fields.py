"""The table of fields is always what the datapoints hold, whoever wrote them."""

from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from tests.loaded_stores import open_kind
from tests.recount import check_fields

from evals_mcp.errors import Invalid
from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.evaluation_document import DatapointRecord
from evals_mcp.store.bulk.bulk import Bulk
from evals_mcp.store.database import tables
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.store import Store

_scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=250)
_values = st.recursive(
    _scalars | _texts | st.sampled_from(["1", "1.5", "law"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "a.b"]) | _texts, inner),
    max_leaves=6,
)
_parts = st.none() | st.dictionaries(st.sampled_from(["a", "b", "a.b", "c"]), _values, max_size=3)
_contents = st.fixed_dictionaries({"inputs": _parts, "target": _parts, "metadata": _parts})
_steps = st.lists(
    st.tuples(
        st.sampled_from(["set", "add", "remove", "append", "bulk", "overwrite"]),
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=4),
    ),
    max_size=6,
)
_names = count()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store of each kind for all tests, each of which has datasets of its own."""
    with closing(open_kind(request, tmp_path_factory, "fields")) as opened:
        yield opened


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(contents=st.lists(_contents, min_size=3, max_size=3), steps=_steps)
def test_fields_follow_every_write(store: Store, contents: list[dict[str, Any]], steps: Any) -> None:
    """Sets, additions, removals and documents, with the same content and the same ids again."""
    number = next(_names)
    dataset_id = _dataset(store, f"d{number}")
    for step, chosen in steps:
        points = [CreateDatapointRequest(**contents[index]) for _, index in chosen]
        if step == "append":
            store.datasets.add(dataset_id, points)
        elif step in ("bulk", "overwrite"):
            _load(store, dataset_id, number, [(id, contents[index]) for id, index in chosen], step)
        else:
            store.datasets.upsert(dataset_id, None, points, step, None, FileChange())
        check_fields(store)


def test_an_overwritten_datapoint_of_the_same_batch_is_the_last(store: Store) -> None:
    """Its content and fields are those of the last record with its id."""
    dataset_id = _dataset(store, "twice")
    _load(store, dataset_id, "twice", [(0, {"inputs": {"a": 1}}), (0, {"inputs": {"b": 2}})], "overwrite")
    assert _keys(store, dataset_id) == ["b"]
    check_fields(store)


def test_a_deleted_datapoint_leaves_no_fields(store: Store) -> None:
    """The database deletes them with it."""
    dataset_id = _dataset(store, "gone")
    store.datasets.add(dataset_id, [CreateDatapointRequest(inputs={"a": 1, "b": {"c": "x"}})])
    assert _keys(store, dataset_id) == ["a", "b.c"]
    with store.database.write() as connection:
        (id,) = connection.execute(select(tables.datapoints.c.id).where(tables.datapoints.c.dataset_id == dataset_id))
        connection.execute(delete(tables.dataset_datapoints).where(tables.dataset_datapoints.c.datapoint_id == id[0]))
        connection.execute(delete(tables.datapoints).where(tables.datapoints.c.id == id[0]))
    assert _keys(store, dataset_id) == []


def _dataset(store: Store, path: str) -> str:
    return store.datasets.upsert(None, path, [], "set", None, FileChange()).id


def _keys(store: Store, dataset_id: str) -> list[str]:
    columns = tables.datapoint_fields.c
    with store.database.read() as connection:
        of_dataset = select(columns.key).where(columns.dataset_id == dataset_id).order_by(columns.key)
        return list(connection.execute(of_dataset).scalars())


def _load(store: Store, dataset_id: str, number: object, points: list[tuple[int, Any]], step: str) -> None:
    records = [
        DatapointRecord(id=f"dp_{number}_{id}", dataset_id=dataset_id, **{"inputs": None, **content})
        for id, content in points
    ]
    with suppress(Invalid):  # an id with other content, which writes nothing
        Bulk(store.database).load(enumerate(records), overwrite=step == "overwrite")
