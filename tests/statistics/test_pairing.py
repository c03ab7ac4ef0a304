"""Pairing of datapoints, averaging of repeats, and what is left out."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.statistics.mappings import pair_numbers, pair_options

from evals_mcp.statistics.pairing import LARGEST, is_number, pair_columns


def test_only_datapoints_with_a_value_on_both_sides_pair() -> None:
    """Datapoints with a value on one side only do not pair, and are counted."""
    pairs = pair_columns([0, 2, 3], [1.0, 2.0, 0.0], [4, 0], [9.0, 3.0])
    assert (pairs.keys, pairs.baseline.tolist(), pairs.candidate.tolist()) == ([0], [1.0], [3.0])
    assert (pairs.pairs, pairs.only_baseline, pairs.only_candidate, pairs.ignored) == (1, 2, 1, 0)


def test_repeats_are_averaged_within_the_datapoint() -> None:
    """Several logs of a datapoint become one mean."""
    pairs = pair_columns([0, 0, 1], [1.0, 2.0, 1.0], [0, 1], [5.0, 2.0])
    assert (pairs.baseline.tolist(), pairs.averaged) == ([1.5, 1.0], True)
    assert not pair_columns([0, 1], [1.0, 1.0], [0], [2.0]).averaged


def test_what_is_no_number_is_ignored_and_counted() -> None:
    """NaN, infinity and absurd sizes are not compared as numbers."""
    odd = [math.nan, math.inf, -math.inf, 1e200]
    pairs = pair_columns([0] * 5 + [1] * 4, [*odd, 2.0, *odd], [0, 1], [1.0, 1.0])
    assert (pairs.keys, pairs.baseline.tolist(), pairs.ignored) == ([0], [2.0], 8)


def test_rounding_of_an_average_is_no_difference() -> None:
    """A mean that differs in its last digit only is the same."""
    pairs = pair_columns([0] * 3, [0.1, 0.2, 0.3], [0] * 3, [0.1 + 0.2, 0.3, 0.0])
    assert pairs.differences().tolist() == [0.0]


values = st.one_of(st.integers(-5, 5).map(float), st.sampled_from([math.nan, math.inf, 1e200]))
side = st.dictionaries(st.integers(0, 12), st.lists(values, max_size=3), max_size=10)


def columns(found: dict[int, list[float]]) -> tuple[NDArray[np.int64], list[float]]:
    """The same values as two columns, one row per value."""
    keys = [key for key, repeats in found.items() for _ in repeats]
    return np.array(keys, dtype=np.int64), [value for repeats in found.values() for value in repeats]


@settings(max_examples=60, deadline=None)
@given(side, side)
def test_columns_pair_as_mappings_do(baseline: dict[int, list[float]], candidate: dict[int, list[float]]) -> None:
    """The two ways in give the same pairs and the same counts."""
    slow = pair_numbers(
        {f"{key:02}": found for key, found in sorted(baseline.items())},
        {f"{key:02}": found for key, found in candidate.items()},
    )
    fast = pair_columns(*columns(baseline), *columns(candidate))
    assert [f"{key:02}" for key in fast.keys] == slow.keys
    assert fast.baseline.tolist() == pytest.approx(slow.baseline.tolist())
    assert fast.candidate.tolist() == pytest.approx(slow.candidate.tolist())
    assert (fast.pairs, fast.only_baseline, fast.only_candidate, fast.ignored) == (
        slow.pairs,
        slow.only_baseline,
        slow.only_candidate,
        slow.ignored,
    )


def test_options_that_agree_count_whole_and_others_in_shares() -> None:
    """Repeats of a select become shares of its options; pairs of the same profiles are counted together."""
    pairs = pair_options(
        {"a": ["x"], "b": ["x", None], "c": ["y", "x"], "d": [3]}, {"a": ["y"], "b": ["y"], "c": ["x"], "d": ["x"]}
    )
    whole = ((("x", 1.0),), (("y", 1.0),))
    mixed = ((("x", 0.5), ("y", 0.5)), (("x", 1.0),))
    assert pairs.profiles == {whole: 2, mixed: 1}
    assert (pairs.pairs, pairs.only_candidate, pairs.ignored, pairs.averaged) == (3, 1, 1, True)


def test_several_options_have_a_share_each() -> None:
    """Each option's share is that of the logs that chose it, once per log; none chosen is a judgment too."""
    pairs = pair_options({"a": [["x", "y", "y"], ["x"]]}, {"a": [[]]}, "multi_select")
    assert pairs.profiles == {((("x", 1.0), ("y", 0.5)), ()): 1}


def test_numbers_are_told_from_what_looks_like_them() -> None:
    """Whole and fractional numbers up to the limit, and nothing else."""
    assert [is_number(value) for value in (1, -2.5, LARGEST)] == [True] * 3
    assert [is_number(value) for value in (True, "1", None, math.nan, -math.inf, 2 * LARGEST)] == [False] * 6
