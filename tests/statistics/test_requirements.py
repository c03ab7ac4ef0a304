"""Requirements and verdicts: intervals against SciPy and statsmodels, and what must hold for any figures."""

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.models.comparisons import ComparedRun
from evals_mcp.statistics.rate_intervals import newcombe_interval, wilson_interval
from evals_mcp.statistics.requirements import (
    Met,
    better,
    error_gain,
    mean_within,
    not_worse,
    overall,
    paired_passes,
    rate_within,
    student_quantile,
    unpaired_not_worse,
)
from evals_mcp.statistics.results import MIN_PAIRS, Verdict
from evals_mcp.statistics.run_comparisons import independent_logs
from evals_mcp.statistics.verdicts import Finding, Gain, compare_error_rates, corrected_quantile

COUNTS = st.integers(0, 60)


@pytest.mark.parametrize(("part", "whole"), [(0, 7), (3, 40), (40, 40), (299, 300)])
def test_the_interval_of_a_rate_is_wilsons(part: int, whole: int) -> None:
    """As statsmodels gives it, also for none and all."""
    from statsmodels.stats.proportion import proportion_confint

    expected = proportion_confint(part, whole, method="wilson")
    assert wilson_interval(part / whole, whole) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("before", "after"), [((1, 40), (5, 38)), ((0, 10), (0, 12)), ((30, 31), (7, 90))])
def test_the_interval_of_unpaired_rates_is_newcombes(before: tuple[int, int], after: tuple[int, int]) -> None:
    """As statsmodels gives it."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    expected = confint_proportions_2indep(*after, *before, method="newcomb", compare="diff")
    assert newcombe_interval(*((part / whole, whole) for part, whole in (before, after))) == pytest.approx(
        expected, abs=1e-9
    )


def test_quantiles_agree_with_scipy() -> None:
    """The corrected one is exact. Student's is within 0.1 % from 20 degrees, and 1 % from the fewest."""
    assert corrected_quantile(7) == pytest.approx(scipy.stats.norm.ppf(1 - 0.025 / 7), abs=1e-9)
    for tests in (1, 5, 20):
        z = corrected_quantile(tests)
        for degrees, error in ((MIN_PAIRS - 1, 0.012), (20, 0.001), (500, 1e-6)):
            assert student_quantile(z, degrees) == pytest.approx(
                scipy.stats.t.ppf(scipy.stats.norm.cdf(z), degrees), rel=error
            )


@given(st.integers(0, 200), st.integers(1, 200), st.floats(0, 1), st.integers(1, 9))
def test_a_bound_and_its_opposite_never_both_hold(part: int, more: int, limit: float, tests: int) -> None:
    """If a rate is at least the limit for certain, it is not at most a lower one; more tests never fail more often."""
    whole = part + more
    results = [
        rate_within(part / whole, whole, limit, at_least=at_least, tests=tests).met for at_least in (True, False)
    ]
    if Met.PASSED in results:
        assert results.count(Met.PASSED) == 1
    alone = rate_within(part / whole, whole, limit, at_least=True, tests=1)
    assert not (results[0] is Met.FAILED and alone.met is not Met.FAILED)
    assert alone.low is not None
    assert alone.high is not None
    assert alone.low <= part / whole <= alone.high
    assert alone.needed is None or alone.needed > whole


def test_logs_that_fail_together_tell_no_more_than_one() -> None:
    """15 datapoints with ten logs each: of errors, only the datapoints count, for a bound and against a baseline."""
    datapoints = np.repeat(np.arange(15), 10)
    none, one = (
        ComparedRun(
            run_id="", logs=150, failed_logs=int(failed.sum()), independent_logs=independent_logs(failed, datapoints),
            unpaired_logs=0, datapoints=15, shared=15, tallies=[]
        )
        for failed in (np.zeros(150, bool), datapoints == 0)
    )  # fmt: skip
    assert none.errors == (0.0, 15.0)
    assert one.errors == pytest.approx((1 / 15, 14))
    assert compare_error_rates(none, one) is Finding.OPEN
    gain = error_gain(none, one)
    assert gain is not None
    assert unpaired_not_worse(gain, 0.01).met is Met.CANNOT_TELL
    bound = rate_within(0.0, 150, 0.03, at_least=False, tests=1, independent=15)
    assert (bound.met, bound.amount) == (Met.CANNOT_TELL, 150)
    assert bound.needed == 10 * (rate_within(0.0, 15, 0.03, at_least=False, tests=1).needed or 0)
    apart = np.tile([True, *[False] * 9], 15)
    assert independent_logs(apart, np.arange(150)) == independent_logs(apart, np.full(150, -1)) == 150


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.floats(0, 1), st.floats(0, 1))
def test_a_larger_margin_never_fails_more(
    both: int, gained: int, lost: int, neither: int, first: float, second: float
) -> None:
    """What is not worse by a margin is not worse by a larger one, and what is better is not worse by any."""
    row, gain = paired_passes(both, gained, lost, neither)
    order = [Met.FAILED, Met.CANNOT_TELL, Met.PASSED]
    small, large = (order.index(not_worse(row, gain, margin).met) for margin in sorted((first, second)))
    assert small <= large
    if better(row, gain).met is Met.PASSED:
        assert small == order.index(Met.PASSED)
        assert row.verdict == Verdict.BETTER


def test_a_mean_needs_values_and_a_check_all_requirements() -> None:
    """Five values tell nothing. A gain from many pairs needs no more, and one failure decides."""
    assert mean_within(4.0, 0.1, 5, 1.0, at_least=True, tests=1).met is Met.CANNOT_TELL
    assert mean_within(4.0, 0.1, 6, 1.0, at_least=True, tests=1).met is Met.PASSED
    assert mean_within(4.0, 2.0, 50, 4.0, at_least=True, tests=1).needed is None
    assert Gain(0.0, -0.1, 0.1, 100).pairs_needed(0.05) == pytest.approx(818, abs=2)
    assert Gain(0.0, -0.1, 0.1, 100).pairs_needed(0.0) is None
    assert overall([Met.PASSED, Met.CANNOT_TELL, Met.FAILED]) is Met.FAILED
    assert overall([Met.PASSED, Met.CANNOT_TELL]) is Met.CANNOT_TELL
    assert overall([]) is Met.CANNOT_TELL
