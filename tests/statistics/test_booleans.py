"""Paired booleans against SciPy and statsmodels."""

import math

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.statistics.booleans import (
    boolean_pairs_needed,
    compare_booleans,
    mcnemar,
    tango_interval,
)
from evals_mcp.statistics.distributions import Z_INTERVAL
from evals_mcp.statistics.pairing import NumberPairs, pair_columns
from evals_mcp.statistics.results import Comparison, PairedTest, Verdict

cells = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))


def from_cells(both: int, gained: int, lost: int, neither: int) -> NumberPairs:
    """Pairs with so many true on both sides, in the candidate only, in the baseline only, on none."""
    baseline = [1] * both + [0] * gained + [1] * lost + [0] * neither
    candidate = [1] * both + [1] * gained + [0] * lost + [0] * neither
    keys = np.arange(len(baseline))
    return pair_columns(keys, baseline, keys, candidate)


@settings(max_examples=60, deadline=None)
@given(cells)
def test_p_agrees_with_statsmodels(table: tuple[int, int, int, int]) -> None:
    """McNemar's exact p is that of statsmodels and of SciPy's binomial test."""
    from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

    both, gained, lost, neither = table
    expected = statsmodels_mcnemar([[both, lost], [gained, neither]], exact=True).pvalue
    assert mcnemar(gained, lost) == pytest.approx(expected, abs=1e-9)
    if gained + lost:
        assert mcnemar(gained, lost) == pytest.approx(scipy.stats.binomtest(gained, gained + lost).pvalue, abs=1e-9)


def score(difference: float, gained: int, lost: int, pairs: int) -> float:
    """Tango's statistic, with the nuisance parameter found by a numerical search of the likelihood."""

    def unlikely(lost_rate: float) -> float:
        gained_rate = lost_rate + difference
        parts = ((gained, gained_rate), (lost, lost_rate), (pairs - gained - lost, 1 - gained_rate - lost_rate))
        return -sum(count * math.log(max(rate, 1e-300)) for count, rate in parts if count)

    bounds = (max(0.0, -difference), (1 - difference) / 2)
    rate = scipy.optimize.minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    variance = pairs * (2 * rate + difference - difference**2)
    return float((gained - lost - pairs * difference) / math.sqrt(variance))


@pytest.mark.parametrize(("gained", "lost", "pairs"), [(12, 2, 50), (1, 1, 9), (5, 0, 30), (40, 60, 400), (3, 4, 8)])
def test_the_interval_is_where_the_score_test_turns(gained: int, lost: int, pairs: int) -> None:
    """At both limits the score statistic, its likelihood maximised by SciPy, is the normal quantile."""
    low, high = tango_interval(gained, lost, pairs)
    assert score(low, gained, lost, pairs) == pytest.approx(Z_INTERVAL, abs=1e-4)
    assert score(high, gained, lost, pairs) == pytest.approx(-Z_INTERVAL, abs=1e-4)


def test_the_interval_of_no_change_has_its_closed_form() -> None:
    """Without a changed pair the limits are z^2 / (n + z^2)."""
    limit = Z_INTERVAL**2 / (50 + Z_INTERVAL**2)
    assert tango_interval(0, 0, 50) == pytest.approx((-limit, limit), abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(cells)
def test_verdict_interval_and_counts_fit_together(table: tuple[int, int, int, int]) -> None:
    """The interval holds the difference, leaves out zero exactly when significant, and counts add up."""
    both, gained, lost, neither = table
    result = compare_booleans(from_cells(*table))
    pairs = sum(table)
    assert result.pairs == pairs
    if not pairs:
        assert result.verdict is Verdict.NOTHING_TO_COMPARE
        return
    assert result.difference == pytest.approx((gained - lost) / pairs)
    assert (result.better, result.worse, result.same) == (gained, lost, both + neither)
    assert (result.baseline, result.candidate) == pytest.approx(((both + lost) / pairs, (both + gained) / pairs))
    assert result.difference is not None
    assert result.low is not None
    assert result.high is not None
    assert -1 <= result.low <= result.difference + 1e-9
    assert result.difference - 1e-9 <= result.high <= 1
    if pairs < 6:
        assert (result.verdict, result.p_value) == (Verdict.TOO_FEW_PAIRS, None)
        return
    assert result.p_value is not None
    assert (result.p_value <= 0.05) == (result.low > 0 or result.high < 0)
    assert (result.verdict is Verdict.NO_SIGNIFICANT_DIFFERENCE) == (result.p_value > 0.05)


@settings(max_examples=40, deadline=None)
@given(cells)
def test_sides_can_be_swapped(table: tuple[int, int, int, int]) -> None:
    """Swapping the runs negates the difference and the interval and keeps p."""
    both, gained, lost, neither = table
    result, swapped = (
        compare_booleans(from_cells(both, *changed, neither)) for changed in ((gained, lost), (lost, gained))
    )
    assert swapped.p_value == result.p_value
    assert (swapped.better, swapped.worse) == (result.worse, result.better)
    if result.difference is not None and result.low is not None and result.high is not None:
        assert swapped.difference == -result.difference
        assert (swapped.low, swapped.high) == pytest.approx((-result.high, -result.low))


def test_lower_can_be_better() -> None:
    """With negative valence true is worse, with neutral there is no direction."""
    pairs = from_cells(10, 20, 2, 10)
    assert compare_booleans(pairs).verdict is Verdict.BETTER
    negative, neutral = compare_booleans(pairs, "negative"), compare_booleans(pairs, "neutral")
    assert (negative.verdict, negative.better, negative.worse) == (Verdict.WORSE, 2, 20)
    assert (neutral.verdict, neutral.better, neutral.changed) == (Verdict.DIFFERENT, None, 22)


def test_repeats_that_disagree_are_compared_as_rates() -> None:
    """Fractions of true can not be counted as changed pairs, so the sign-flip test takes over."""
    baseline = pair_columns([1, 1, 2], [1, 0, 1], [1, 2], [1, 1])
    assert compare_booleans(baseline).test is None
    keys = np.repeat(np.arange(30), 2)
    chance = np.random.default_rng(0)
    result = compare_booleans(pair_columns(keys, chance.random(60) < 0.4, keys, chance.random(60) < 0.9))
    assert (result.kind, result.test, result.averaged) == ("boolean", PairedTest.SIGN_FLIP, True)
    assert result.verdict is Verdict.BETTER


def test_repeats_that_agree_stay_booleans() -> None:
    """Three equal logs of a datapoint are one pair, not three."""
    keys = np.repeat(np.arange(5), 3)
    result = compare_booleans(pair_columns(keys, np.zeros(15), keys, np.ones(15)))
    assert (result.pairs, result.verdict) == (5, Verdict.TOO_FEW_PAIRS)


def test_the_pairs_needed_have_the_power() -> None:
    """With the pairs that Connor's formula asks for McNemar's test finds the difference in about 80 %."""
    gained, lost = 30, 15
    needed = boolean_pairs_needed(gained, lost, 200)
    assert needed is not None
    draws = np.random.default_rng(1).multinomial(needed, [0.15, 0.075, 0.775], 2000)
    found = np.mean([mcnemar(int(up), int(down)) <= 0.05 for up, down, _ in draws])
    assert 0.74 <= found <= 0.84


def test_pairs_needed_are_more_than_there_are() -> None:
    """Without significance, and with too few pairs, the answer says how many would do."""
    few, unclear = compare_booleans(from_cells(0, 1, 0, 0)), compare_booleans(from_cells(20, 6, 3, 20))
    assert (few.verdict, few.pairs_needed) == (Verdict.TOO_FEW_PAIRS, 6)
    assert unclear.verdict is Verdict.NO_SIGNIFICANT_DIFFERENCE
    assert unclear.pairs_needed is not None
    assert unclear.pairs_needed > 49
    assert compare_booleans(from_cells(20, 3, 3, 20)).pairs_needed is None


def test_few_false_alarms() -> None:
    """Of 1,000 comparisons of runs that do not differ at most 6 % are called significant."""
    chance = np.random.default_rng(3)
    alarms = 0
    for _ in range(1000):
        pairs, rate, change = int(chance.integers(20, 201)), chance.uniform(0.1, 0.95), chance.uniform(0.1, 1)
        baseline = chance.random(pairs) < rate
        candidate = np.where(chance.random(pairs) < change, chance.random(pairs) < rate, baseline)
        keys = np.arange(pairs)
        result: Comparison = compare_booleans(pair_columns(keys, baseline, keys, candidate))
        alarms += result.verdict in (Verdict.BETTER, Verdict.WORSE)
    assert alarms <= 60
