"""Judgments as columns, keys of datapoints, and pairing options by columns."""

from collections import Counter
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.statistics.mappings import pair_options
from tests.statistics.run_samples import judgment_column

from evals_mcp.models.judgments import FAILED, JUDGED
from evals_mcp.statistics.columns import (
    DatapointKeys,
    JudgedLogs,
    RunColumns,
    pair_option_columns,
)


def test_an_id_has_one_key_and_none_has_no_key() -> None:
    """Keys count up with the ids seen, also over several columns."""
    keys = DatapointKeys()
    assert keys.column(["b", None, "a", "b"]).tolist() == [0, -1, 1, 0]
    assert keys.column(["a", "c"]).tolist() == [1, 2]
    assert (len(keys), keys.id_of(2)) == (3, "c")


def test_judged_logs_are_those_with_a_datapoint() -> None:
    """A judgment of a log without a datapoint cannot be paired."""
    keys = DatapointKeys().column(["a", None, "b"])
    column = judgment_column("number", [JUDGED, JUDGED, FAILED], [1, 2, None], [])
    run = RunColumns(datapoints=keys, failed=keys < -1, measures={}, judgments={"v": column})
    assert (run.judged("v").keys.tolist(), run.judged("v").numbers.tolist()) == ([0], [1.0])


options = st.lists(st.sampled_from(["x", "y", "z"]), max_size=2, unique=True)


Repeats = dict[int, list[list[str]]]


def _sides(kind: str, found: Repeats, keys: DatapointKeys) -> tuple[JudgedLogs, dict[str, list[object]]]:
    """The same judgments as columns and as values by datapoint."""
    several = kind == "multi_select"
    chosen = {key: [logs if several else (logs or ["none"])[0] for logs in lists] for key, lists in found.items()}
    values: list[object] = list(chain.from_iterable(chosen.values()))
    column = judgment_column(kind, [JUDGED] * len(values), values, [])
    ids = [str(key) for key, lists in chosen.items() for _ in lists]
    judged = JudgedLogs(keys.column(ids), column.numbers, column.labels, column.options)
    return judged, {str(key): list(lists) for key, lists in chosen.items()}


@pytest.mark.parametrize("kind", ["select", "multi_select"])
@pytest.mark.parametrize("most", [1, 3])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_option_columns_pair_as_mappings_do(kind: str, most: int, data: st.DataObject) -> None:
    """With and without repeats the profiles, their counts and the coverage are the same."""
    side = st.dictionaries(st.integers(0, 9), st.lists(options, min_size=1, max_size=most), max_size=8)
    keys = DatapointKeys()
    (left, before), (right, after) = (_sides(kind, data.draw(side), keys) for _ in range(2))
    fast, slow = pair_option_columns(left, right), pair_options(before, after, kind)
    assert Counter(fast.profiles) == Counter(slow.profiles)
    for name in ("pairs", "only_baseline", "only_candidate", "ignored", "averaged"):
        assert getattr(fast, name) == getattr(slow, name)
