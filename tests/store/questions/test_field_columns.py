"""A field of datapoints as codes and numbers, in dataset order or for the datapoints that are named."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from tests.loaded_stores import open_kind

from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.questions.field_columns import NO_VALUE, FieldColumns
from evals_mcp.store.revision_cache import RevisionCache
from evals_mcp.store.store import Store

_POINTS = [
    CreateDatapointRequest(inputs={"n": 3}, metadata={"category": "tax", "flag": True}),
    CreateDatapointRequest(inputs={"n": "1.5", "text": "x" * 250}, metadata={"category": "law"}),
    CreateDatapointRequest(inputs={"n": None}, metadata={"flag": False}),
    CreateDatapointRequest(inputs={"text": "é"}, metadata={"category": "law", "mixed": 1}),
    CreateDatapointRequest(inputs={"text": "z"}, metadata={"mixed": "one"}),
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store to read."""
    with closing(open_kind(request, tmp_path_factory, "field_columns")) as opened:
        yield opened


def _version(store: Store, points: list[CreateDatapointRequest], action: str = "set") -> tuple[str, list[str]]:
    made = store.datasets.upsert(None, "d", points, action, None, FileChange(), include_datapoints=True)
    return made.version_id, [point.id for point in made.datapoints or ()]


def test_a_field_has_a_code_and_a_number_for_each_datapoint(store: Store) -> None:
    """Labels by frequency, then code points; no value and no number are told; nothing is read a second time."""
    version_id, _ = _version(store, _POINTS)
    columns = FieldColumns(RevisionCache())
    with store.database.read() as connection:
        category = columns.of_versions(connection, [version_id], "metadata", "category")
        assert (category.labels, category.codes.tolist()) == (("law", "tax"), [1, 0, NO_VALUE, 0, NO_VALUE])
        assert np.isnan(category.numbers).all()
        assert not category.is_number
        n = columns.of_versions(connection, [version_id], "input", "n")
        np.testing.assert_array_equal(n.numbers, [3, 1.5, np.nan, np.nan, np.nan])
        assert (n.labels, n.is_number, n.has_cut_values) == (("1.5", "3"), True, False)
        flag = columns.of_versions(connection, [version_id], "metadata", "flag")
        assert (flag.labels, flag.numbers[[0, 2]].tolist(), flag.is_number) == (("false", "true"), [1, 0], True)
        assert not columns.of_versions(connection, [version_id], "metadata", "mixed").is_number
        text = columns.of_versions(connection, [version_id], "input", "text")
        assert (text.labels, text.has_cut_values) == (("x" * 200, "z", "é"), True)
        for none in (
            columns.of_versions(connection, [version_id], "target", "n"),
            columns.of_versions(connection, [], "input", "n"),
        ):
            assert (none.labels, set(none.codes.tolist()) - {NO_VALUE}, none.is_number) == ((), set(), False)
    with store.database.read() as closed:
        pass
    assert columns.of_versions(closed, [version_id], "metadata", "category") is category


def test_named_datapoints_have_their_values(store: Store) -> None:
    """Over several versions, in any order, and again; None and strangers have none."""
    first, ids = _version(store, _POINTS[:2])
    second, more = _version(store, [_POINTS[3], _POINTS[1]])
    columns = FieldColumns(RevisionCache())
    with store.database.read() as connection:
        versions = [first, second, first]
        assert list(columns.positions(connection, versions)) == [*ids, more[0]]
        named = [more[0], None, ids[0], "dp_unknown", more[0], ids[1]]
        column = columns.of_datapoints(connection, versions, "metadata", "category", named)
        assert (column.labels, column.codes.tolist()) == (("law", "tax"), [0, NO_VALUE, 1, NO_VALUE, 0, 0])
        n = columns.of_datapoints(connection, versions, "input", "n", named)
        np.testing.assert_array_equal(n.numbers, [np.nan, np.nan, 3, np.nan, np.nan, 1.5])
        nothing = columns.of_datapoints(connection, [first], "input", "n", [])
        assert len(nothing.codes) == 0
