"""The sign-flip test and its interval against SciPy, an exact convolution and its own inversion."""

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from operator import mul

import numpy as np
import pytest
import scipy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from evals_mcp.statistics.sign_flips import EXACT, RESAMPLES, flip_test

Array = NDArray[np.float64]
ratings = st.integers(-4, 4).map(float)
decimals = st.integers(-10, 10).map(lambda tenths: tenths / 10)


def scipy_p(differences: Array) -> float:
    """SciPy's exact two-sided p of the same test."""
    result = scipy.stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    return float(result.pvalue)


def lattice_p(differences: Array) -> float:
    """The exact two-sided p for whole differences, by convolution of their two-point distributions."""
    counts = np.ones(1)
    for size in np.abs(differences).astype(int):
        step = np.zeros(2 * size + 1)
        step[0] += 0.5
        step[-1] += 0.5
        counts = np.convolve(counts, step)
    center = len(counts) // 2
    return float(min(1.0, 2 * counts[center + abs(int(differences.sum())) :].sum()))


@settings(max_examples=30, deadline=None)
@given(st.lists(ratings | st.floats(-100, 100, width=16), min_size=2, max_size=11))
def test_small_samples_agree_with_scipy(values: list[float]) -> None:
    """With all subsets counted p is SciPy's exact permutation p, where sums of floats are exact."""
    differences = np.array(values)
    result = flip_test(differences)
    assert result.p_error is None
    assert result.p_value == pytest.approx(scipy_p(differences), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.lists(decimals, min_size=2, max_size=8))
@example([0.0, -72.0, 0.7, 28.0, 100.0, -57.0])
def test_sums_that_only_rounding_tells_apart_count_as_equal(values: list[float]) -> None:
    """Decimals are compared as they are written: p is that of all subsets counted in fractions."""
    exact = [Fraction(str(value)) for value in values]
    sums = [abs(sum(map(mul, signs, exact), Fraction())) for signs in flips(len(exact))]
    expected = sum(each >= abs(sum(exact, Fraction())) for each in sums) / len(sums)
    assert flip_test(np.array(values)).p_value == pytest.approx(expected, abs=1e-9)


def flips(size: int) -> Iterator[tuple[int, ...]]:
    """Every way to give `size` values a sign."""
    return itertools.product((-1, 1), repeat=size)


@settings(max_examples=20, deadline=None)
@given(st.lists(ratings, min_size=EXACT + 1, max_size=18), st.sampled_from([1, 0.1, 1 / 3, 7, 1e-200]))
@example([4.0] * 9 + [-1.0] * 9, 0.1)
def test_ratings_are_counted_exactly(values: list[float], step: float) -> None:
    """P is that of all sign flips, and the limits are those of the means of all subsets."""
    differences = np.array(values)
    result = flip_test(differences * step)
    sums, counts = np.zeros(1), np.zeros(1)
    for value in values:
        sums, counts = np.concatenate((sums, sums + value)), np.concatenate((counts, counts + 1))
    extreme = np.abs(differences.sum() - 2 * sums) >= abs(differences.sum()) - 1e-9
    assert result.p_error is None
    assert result.p_value == pytest.approx(min(1.0, extreme.mean()), abs=1e-12)
    assert result.p_value == pytest.approx(lattice_p(differences), abs=1e-12)
    if result.low is not None and result.high is not None and len(set(values)) > 1:
        means = np.sort(sums[1:] / counts[1:])
        cut = math.floor(len(sums) / 40) - 1
        assert result.low == pytest.approx(means[cut] * step, rel=1e-9, abs=1e-9 * step)
        assert result.high == pytest.approx(means[-1 - cut] * step, rel=1e-9, abs=1e-9 * step)


@pytest.mark.parametrize("pairs", [17, 55, 120, 150])
def test_p_of_many_ratings_is_exact(pairs: int) -> None:
    """As convolution tells it, also for tenths."""
    chance = np.random.default_rng(pairs)
    differences = chance.choice([-2.0, -1, 0, 0, 1, 2, 3], pairs)
    for step in (1.0, 0.1):
        result = flip_test(differences * step)
        assert result.p_error is None
        assert result.p_value == pytest.approx(lattice_p(differences), abs=1e-12)


@pytest.mark.parametrize("pairs", [600, 5000])
@pytest.mark.parametrize("shift", [0.0, 1.2, 2.0])
def test_drawn_p_is_within_its_stated_error(pairs: int, shift: float) -> None:
    """For tied ratings the drawn p lies within four stated errors of the exact one."""
    chance = np.random.default_rng(pairs)
    noise = chance.choice([-2.0, -1, 0, 0, 0, 1, 2], pairs)
    differences = noise + (chance.random(pairs) < shift * 1.2 / math.sqrt(pairs))
    exact = lattice_p(differences)
    result = flip_test(differences)
    assert result.p_error is not None
    # Beyond 256 differences a normal sum has no ties with the one seen: at most half the chance of such a tie.
    tie = 0.5 / math.sqrt(2 * math.pi * (differences**2).sum()) * (2 if pairs > 256 else 0)
    assert result.p_value == pytest.approx(exact, abs=4 * result.p_error + 2 / RESAMPLES + tie)


def test_many_different_numbers_agree_with_the_normal_limit() -> None:
    """For 12,000 continuous differences p is that of SciPy's normal distribution within the stated error."""
    chance = np.random.default_rng(5)
    for shift in (0.0, 0.01, 0.02):
        differences = chance.laplace(shift, 1, 12_000)
        z = differences.sum() / math.sqrt((differences**2).sum())
        result = flip_test(differences)
        assert result.p_error is not None
        expected = 2 * scipy.stats.norm.sf(abs(z))
        assert result.p_value == pytest.approx(expected, abs=4 * result.p_error + 2 / RESAMPLES)


def test_a_p_below_what_draws_can_tell_is_a_bound() -> None:
    """In the far tail p is small, and never smaller than the exact one."""
    differences = np.array([1.0] * 600 + [-1.0] * 300)
    exact = lattice_p(differences)
    assert exact <= flip_test(differences).p_value <= 1e-9


@settings(max_examples=25, deadline=None)
@given(st.lists(ratings | st.floats(-9, 9, width=16), min_size=6, max_size=9))
def test_the_interval_is_the_test_inverted(values: list[float]) -> None:
    """A true difference just inside the interval is not rejected by SciPy's test, one just outside is."""
    differences = np.array(values)
    low, high = flip_test(differences)[1:3]
    if low is None or high is None:
        return
    step = 1e-6
    assert scipy_p(differences - low - step) > 0.05 or high - low < 4 * step
    assert scipy_p(differences - high + step) > 0.05 or high - low < 4 * step
    assert scipy_p(differences - low + step) <= 0.05
    assert scipy_p(differences - high - step) <= 0.05


values_of_any_size = st.one_of(
    st.lists(ratings, min_size=6, max_size=60),
    st.lists(decimals, min_size=EXACT + 1, max_size=60),
    st.lists(st.floats(-1, 1), min_size=6, max_size=60),
    st.lists(st.integers(-1, 1).map(float), min_size=250, max_size=300),
)


@settings(max_examples=60, deadline=None)
@given(values_of_any_size)
def test_p_and_interval_never_contradict_each_other(values: list[float]) -> None:
    """Significant is the same as an interval without zero, and the mean is always inside."""
    differences = np.array(values)
    p_value, low, high, _ = flip_test(differences)
    assert 0 < p_value <= 1
    if low is None or high is None:
        return
    assert (p_value <= 0.05) == (low > 0 or high < 0)
    mean = math.fsum(values) / len(values)
    assert low - 1e-11 <= mean <= high + 1e-11
    assert differences.min() - 1e-11 <= low
    assert high <= differences.max() + 1e-11


@settings(max_examples=40, deadline=None)
@given(values_of_any_size, st.randoms())
def test_order_and_side_do_not_matter(values: list[float], chance: object) -> None:
    """Shuffled differences give the same result, mirrored ones the mirrored result."""
    p_value, low, high, error = flip_test(np.array(values))
    chance.shuffle(values)  # type: ignore[attr-defined]
    assert flip_test(np.array(values)) == (p_value, low, high, error)
    mirrored = flip_test(-np.array(values))
    assert (mirrored.p_value, mirrored.p_error) == (p_value, error)
    if low is not None and high is not None:
        assert (mirrored.low, mirrored.high) == (-high, -low)


def test_rounding_does_not_break_ties() -> None:
    """Decimal differences that cancel on paper count as ties, as whole ones do."""
    tenths = np.array([0.1, 0.2, -0.3, 0.1, 0.2, 0.3, 0.7])
    assert flip_test(tenths).p_value == flip_test(np.round(tenths * 10)).p_value
    many = np.tile(tenths, 6)
    assert flip_test(many).p_value == flip_test(np.round(many * 10)).p_value


def test_differences_without_spread_have_no_interval() -> None:
    """Resampling can not tell the uncertainty of differences that are all the same; p stays exact."""
    assert flip_test(np.zeros(50)) == (1.0, None, None, None)
    assert flip_test(np.full(20, 0.5)) == (2.0**-19, None, None, None)


def test_five_pairs_allow_no_limit() -> None:
    """No interval of 95 % exists below six differences."""
    assert flip_test(np.array([1.0, 2, 3, 4, 5])) == (0.0625, None, None, None)
    assert flip_test(np.array([1.0, 2, 3, 4, 5, 6])).low == 1.0


@pytest.mark.parametrize("scale", [1e-200, 1e150])
def test_extreme_differences_do_not_overflow(scale: float) -> None:
    """The unit of the numbers has no influence on p."""
    differences = np.linspace(-1, 4, 40)
    assert flip_test(differences * scale).p_value == pytest.approx(flip_test(differences).p_value, rel=1e-9)
