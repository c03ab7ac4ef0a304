"""Paired numbers: the verdict and its invariants; tests/slow has how often it is a false alarm."""

import random

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.statistics.mappings import pair_numbers

from evals_mcp.statistics.numbers import compare_numbers, number_pairs_needed
from evals_mcp.statistics.pairing import NumberPairs, pair_columns
from evals_mcp.statistics.results import PairedTest, Verdict

Array = NDArray[np.float64]
scores = st.sampled_from([1.0, 2, 3, 4, 4, 5, 5, 5]) | st.floats(0, 1)
pairs_of_scores = st.lists(st.tuples(scores, scores), min_size=1, max_size=40)


def aligned(baseline: Array, candidate: Array) -> NumberPairs:
    """Pairs of two arrays in the same order of datapoints."""
    keys = np.arange(len(baseline))
    return pair_columns(keys, baseline, keys, candidate)


def test_the_change_of_the_mean_is_reported_with_its_verdict() -> None:
    """Means, difference, interval, counts and verdict of a clear case."""
    baseline = np.array([1.0, 2, 3, 4, 5, 1, 2, 3, 4, 5])
    candidate = baseline + np.array([1, 1, 1, 0, 1, 1, 2, 1, 1, -1])
    result = compare_numbers(aligned(baseline, candidate))
    assert (result.pairs, result.baseline, result.candidate, result.difference) == (10, 3.0, 3.8, 0.8)
    assert (result.better, result.worse, result.changed, result.same) == (8, 1, 9, 1)
    expected = scipy.stats.permutation_test(
        (candidate, baseline),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
    )
    assert result.p_value == pytest.approx(expected.pvalue, abs=1e-9)
    assert (result.verdict, result.test, result.p_error) == (Verdict.BETTER, PairedTest.SIGN_FLIP, None)


def test_lower_can_be_better_and_neither_can() -> None:
    """The valence turns better and worse round, or leaves them out."""
    pairs = aligned(np.arange(30.0), np.arange(30.0) + 1 + np.arange(30) % 3)
    assert compare_numbers(pairs).verdict is Verdict.BETTER
    assert compare_numbers(pairs, "negative").verdict is Verdict.WORSE
    assert compare_numbers(pairs, "negative").worse == 30
    neutral = compare_numbers(pairs, "neutral")
    assert (neutral.verdict, neutral.better, neutral.worse) == (Verdict.DIFFERENT, None, None)


@settings(max_examples=50, deadline=None)
@given(pairs_of_scores, st.randoms(use_true_random=False))
def test_swapping_and_shuffling(rows: list[tuple[float, float]], chance: random.Random) -> None:
    """Swapped runs negate the difference and keep p; the order of datapoints changes nothing."""
    baseline = {f"d{i}": [row[0]] for i, row in enumerate(rows)}
    candidate = {f"d{i}": [row[1]] for i, row in enumerate(rows)}
    result = compare_numbers(pair_numbers(baseline, candidate))
    swapped = compare_numbers(pair_numbers(candidate, baseline))
    assert result.difference is not None
    assert swapped.difference == -result.difference
    assert (swapped.p_value, swapped.better, swapped.same) == (result.p_value, result.worse, result.same)
    if result.low is not None and result.high is not None:
        assert (swapped.low, swapped.high) == (-result.high, -result.low)
        assert result.low - 1e-12 <= result.difference <= result.high + 1e-12
    keys = list(baseline)
    chance.shuffle(keys)
    assert compare_numbers(pair_numbers({key: baseline[key] for key in keys}, candidate)) == result


@settings(max_examples=50, deadline=None)
@given(pairs_of_scores)
def test_counts_add_up_and_the_verdict_follows_p(rows: list[tuple[float, float]]) -> None:
    """Better, worse and same are all pairs; a verdict needs six pairs and p of at most 0.05."""
    result = compare_numbers(aligned(*np.array(rows).T))
    assert result.better is not None
    assert result.worse is not None
    assert result.better + result.worse + result.same == result.pairs == len(rows)
    if len(rows) < 6:
        assert (result.verdict, result.p_value, result.low) == (Verdict.TOO_FEW_PAIRS, None, None)
    elif result.p_value is not None and result.p_value > 0.05:
        assert result.verdict is Verdict.NO_SIGNIFICANT_DIFFERENCE
        assert result.pairs_needed is None or result.pairs_needed > result.pairs
    else:
        assert result.verdict in (Verdict.BETTER, Verdict.WORSE)


def test_pairs_needed_agree_with_statsmodels() -> None:
    """The number of pairs is that of statsmodels' normal power for one sample."""
    from statsmodels.stats.power import NormalIndPower

    differences = np.random.default_rng(0).normal(0.4, 1, 80)
    effect = differences.mean() / differences.std(ddof=1)
    expected = NormalIndPower().solve_power(effect_size=effect, alpha=0.05, power=0.8, ratio=0)
    assert number_pairs_needed(differences) == pytest.approx(expected, abs=1)


def test_no_difference_needs_no_pairs() -> None:
    """Without a difference, or from one pair, no number can be given; the same difference needs the fewest."""
    assert number_pairs_needed(np.array([1.0, -1.0])) is None
    assert number_pairs_needed(np.array([1.0])) is None
    assert number_pairs_needed(np.array([1.0, 1.0])) == 6
    assert number_pairs_needed(np.array([1e-300, 1e-300, 1e150])) is not None


def test_runs_without_a_common_datapoint_have_nothing_to_compare() -> None:
    """No pair, no figures."""
    result = compare_numbers(pair_numbers({"a": [1.0]}, {"b": [1.0]}))
    assert (result.verdict, result.pairs, result.difference) == (Verdict.NOTHING_TO_COMPARE, 0, None)
    assert (result.only_baseline, result.only_candidate) == (1, 1)
