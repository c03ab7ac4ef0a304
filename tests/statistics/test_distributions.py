"""Tails and quantiles against SciPy."""

import pytest
import scipy

from evals_mcp.statistics.distributions import (
    Z_INTERVAL,
    Z_POWER,
    binomial_half_tail,
    bisect,
    chi_square_tail,
    noncentrality_for_power,
)


def test_normal_quantiles_are_right() -> None:
    """The two constants are the quantiles that their names say."""
    assert pytest.approx(scipy.stats.norm.ppf(0.975), abs=1e-15) == Z_INTERVAL
    assert pytest.approx(scipy.stats.norm.ppf(0.8), abs=1e-15) == Z_POWER


@pytest.mark.parametrize("trials", [0, 1, 2, 7, 30, 400, 12_000])
def test_binomial_tail_agrees_with_scipy(trials: int) -> None:
    """Every part of the distribution, from before the first value to beyond the last."""
    for share in (0.0, 0.1, 0.3, 0.47, 0.499, 0.5, 0.51, 0.7, 1.0):
        successes = round(share * trials)
        expected = scipy.stats.binom.cdf(successes, trials, 0.5)
        assert binomial_half_tail(successes, trials) == pytest.approx(expected, rel=1e-9, abs=1e-300)
    assert binomial_half_tail(-1, trials) == 0.0


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 10, 11, 63])
def test_chi_square_tail_agrees_with_scipy(degrees: int) -> None:
    """Odd and even degrees, from zero far into the tail."""
    for statistic in (0.0, 1e-9, 0.1, 1.0, degrees, 3.0 * degrees, 200.0, 900.0):
        expected = scipy.stats.chi2.sf(statistic, degrees)
        assert chi_square_tail(statistic, degrees) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("degrees", [1, 2, 3, 7, 20, 63])
def test_noncentrality_gives_the_power(degrees: int) -> None:
    """With the noncentrality found, SciPy's noncentral chi-square rejects in 80 %."""
    critical = scipy.stats.chi2.ppf(0.95, degrees)
    power = scipy.stats.ncx2.sf(critical, degrees, noncentrality_for_power(degrees))
    assert power == pytest.approx(0.8, abs=1e-9)


def test_bisection_finds_the_crossing() -> None:
    """The zero of a falling function, also at an end."""
    assert bisect(lambda x: 2 - x * x, 0.0, 2.0) == pytest.approx(2**0.5, abs=1e-13)
    assert bisect(lambda x: -x, 0.0, 1.0) == pytest.approx(0.0, abs=1e-13)
