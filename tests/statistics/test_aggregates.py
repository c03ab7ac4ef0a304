"""The statistics of one evaluator in one run, against NumPy."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.statistics.aggregates import (
    PERCENTILES,
    boolean_stats,
    multi_select_stats,
    number_stats,
    percentile,
    select_stats,
)

# Not so small that NumPy's squares of them vanish.
numbers = st.floats(-1e12, 1e12).map(lambda value: round(value, 9))


def test_counts_of_judged_abstained_and_failed_add_up() -> None:
    """The total is the sum of the three kinds, for every return type."""
    every = [
        boolean_stats([True, None, False, True], 2),
        number_stats([1.0, None, 2, 3.5], 2),
        select_stats(["a", None, "b", "a"], 2),
        multi_select_stats([["a"], None, [], ["a", "b"]], 2),
    ]
    for stats in every:
        assert (stats.total_logs, stats.num_judgments, stats.num_nulls, stats.num_errors) == (6, 3, 1, 2)


def test_booleans_are_counted() -> None:
    """True and false are counted apart from null."""
    stats = boolean_stats([True, None, False, True])
    assert (stats.num_true, stats.num_false) == (2, 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=60))
def test_number_statistics_agree_with_numpy(values: list[float]) -> None:
    """Mean, sum, population deviation and the nine percentiles are NumPy's."""
    stats = number_stats(values)
    scale = max(abs(value) for value in values) or 1.0
    assert stats.mean == pytest.approx(np.mean(values), abs=1e-9 * scale)
    assert stats.sum == math.fsum(values)
    assert stats.std == pytest.approx(np.std(values), abs=1e-9 * scale)
    expected = np.percentile(values, [float(key) for key in PERCENTILES], method="linear")
    assert list(stats.percentiles) == list(PERCENTILES)
    assert list(stats.percentiles.values()) == pytest.approx(expected.tolist(), abs=1e-9 * scale)


@settings(max_examples=40, deadline=None)
@given(st.lists(numbers | st.sampled_from([0.1, 0.2, -0.3]), max_size=40), st.randoms())
def test_number_statistics_do_not_depend_on_the_order(values: list[float], chance: random.Random) -> None:
    """Any order of the same judgments gives the very same figures."""
    shuffled = values.copy()
    chance.shuffle(shuffled)
    assert number_stats(shuffled) == number_stats(values)


def test_without_judgments_numbers_have_no_figures() -> None:
    """Nulls only: no mean, no sum, no deviation, no percentile."""
    stats = number_stats([None, None])
    assert (stats.mean, stats.sum, stats.std, stats.percentiles, stats.num_nulls) == (None, None, None, {}, 2)


def test_one_number_has_no_deviation() -> None:
    """A single judgment is its own mean and every percentile, with deviation zero."""
    stats = number_stats([0.1])
    assert (stats.mean, stats.sum, stats.std) == (0.1, 0.1, 0.0)
    assert set(stats.percentiles.values()) == {0.1}


def test_numbers_that_are_not_finite_are_counted_and_left_out() -> None:
    """NaN and infinity are judgments, but no figure is made of them."""
    stats = number_stats([math.nan, math.inf, -math.inf, 1.0, 3.0, 10**400])
    assert (stats.num_judgments, stats.mean, stats.percentiles["100"]) == (6, 2.0, 3.0)


@pytest.mark.parametrize("scale", [1e308, 5e-324, 1e-300, 1e200])
def test_extreme_numbers_keep_their_mean_and_deviation(scale: float) -> None:
    """Neither a sum nor a square overflows on the way to a result that is a float."""
    stats = number_stats([scale, scale, -scale, scale])
    assert stats.mean == pytest.approx(scale / 2, rel=1e-12, abs=5e-324)
    assert stats.std == pytest.approx(scale * math.sqrt(0.75), rel=1e-12, abs=5e-324)


def test_a_sum_beyond_floats_is_missing() -> None:
    """A sum that no float can hold is None and not infinite."""
    assert number_stats([1.7e308, 1.7e308]).sum is None
    assert number_stats([1.7e308, 1.6e308]).sum is None
    assert number_stats([1.7e308, 1.6e308]).mean == pytest.approx(1.65e308)


def test_percentiles_interpolate_linearly() -> None:
    """Between two judgments the position counts."""
    assert percentile([1.0, 2.0, 4.0], 0.75) == 3.0


def test_options_come_in_declared_order_then_by_name() -> None:
    """Declared options are listed even if never chosen; undeclared ones follow by name."""
    stats = select_stats(["z", "good", "y", "good"], options=["bad", "good"])
    assert list(stats.num_judgments_per_option.items()) == [("bad", 0), ("good", 2), ("y", 1), ("z", 1)]


def test_each_chosen_option_of_several_counts_once() -> None:
    """A judgment counts for each option in it, and once if it names one twice."""
    stats = multi_select_stats([["a", "b"], ["b", "b"], []], options=["b"])
    assert stats.num_judgments_per_option == {"b": 2, "a": 1}
