"""Tail probabilities and quantiles for the tests, from the standard library only."""

import math
from collections.abc import Callable
from functools import lru_cache

from evals_mcp.statistics.results import POWER, SIGNIFICANCE

# Quantiles 0.975 and 0.8 of the standard normal. Literals, because the stdlib's NormalDist is slow to import.
Z_INTERVAL = 1.959963984540054
Z_POWER = 0.8416212335729143


def binomial_half_tail(successes: int, trials: int) -> float:
    """P(X <= successes) for X binomial with `trials` and probability one half."""
    if successes < 0:
        return 0.0
    if 2 * successes >= trials:
        return 1.0 - binomial_half_tail(trials - successes - 1, trials)
    log_term = math.lgamma(trials + 1) - math.lgamma(successes + 1) - math.lgamma(trials - successes + 1)
    term = math.exp(log_term - trials * math.log(2))
    terms = [term]
    for k in range(successes, 0, -1):
        term *= k / (trials - k + 1)
        terms.append(term)
        if term <= terms[0] * 1e-18:
            break
    return math.fsum(terms)


def hypergeometric_tail(successes: int, population: int, marked: int, drawn: int) -> float:
    """P(X >= successes) for the marked ones among `drawn` of a population, without putting back."""
    most = min(marked, drawn)
    if successes <= max(0, drawn + marked - population):
        return 1.0
    if successes > most:
        return 0.0
    term = math.exp(
        _log_choices(marked, successes)
        + _log_choices(population - marked, drawn - successes)
        - _log_choices(population, drawn)
    )
    terms = [term]
    for k in range(successes, most):
        term *= (marked - k) * (drawn - k) / ((k + 1) * (population - marked - drawn + k + 1))
        terms.append(term)
    return min(1.0, math.fsum(terms))


def _log_choices(amount: int, chosen: int) -> float:
    return math.lgamma(amount + 1) - math.lgamma(chosen + 1) - math.lgamma(amount - chosen + 1)


def chi_square_tail(statistic: float, degrees: int) -> float:
    """P(X >= statistic) for X chi-square with whole `degrees` >= 1.

    The regularised upper incomplete gamma function of a half-integer is a finite sum (DLMF 8.4.10, 8.4.6, 8.8.6).
    """
    if statistic <= 0:
        return 1.0
    half = statistic / 2
    odd = degrees % 2
    terms = [math.erfc(math.sqrt(half))] if odd else []
    terms += [_gamma_term(half, k / 2) for k in range(odd, degrees - 1, 2)]
    return min(1.0, math.fsum(terms))


@lru_cache(maxsize=64)
def noncentrality_for_power(degrees: int) -> float:
    """The noncentrality at which a chi-square test at level 0.05 has a power of 80 % (7.849 at one degree)."""
    critical = bisect(lambda x: chi_square_tail(x, degrees) - SIGNIFICANCE, 0.0, 20.0 + 5.0 * degrees)
    return bisect(lambda x: POWER - _noncentral_tail(critical, degrees, x), 0.0, 40.0 + 2.0 * degrees)


def student_tail(statistic: float, freedom: float) -> float:
    """P(|T| >= |statistic|) for Student's T with `freedom` > 0 degrees: an incomplete beta function (DLMF 8.17.22)."""
    x, a, b = freedom / (freedom + statistic**2), freedom / 2, 0.5
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _beta_tail(1 - x, b, a)
    return _beta_tail(x, a, b)


def _beta_tail(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function by its continued fraction, for x up to (a + 1) / (a + b + 2)."""
    if x <= 0:
        return 0.0
    factor = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    upper, lower = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1))
    value = lower
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        before = value
        for term in (even, odd):
            lower = 1.0 / (1.0 + term * lower)
            upper = 1.0 + term / upper
            value *= upper * lower
        if abs(value - before) <= 1e-16 * abs(value):
            break
    return factor * value / a


def bisect(falling: Callable[[float], float], low: float, high: float) -> float:
    """The zero of a function that falls from above zero at `low` to below zero at `high`."""
    while True:
        middle = (low + high) / 2
        if not low < middle < high or high - low < 1e-14:
            return middle
        if falling(middle) > 0:
            low = middle
        else:
            high = middle


def _gamma_term(x: float, a: float) -> float:
    return math.exp(a * math.log(x) - x - math.lgamma(a + 1))


def _noncentral_tail(statistic: float, degrees: int, noncentrality: float) -> float:
    central = chi_square_tail(statistic, degrees)
    total = 0.0
    for j in range(int(noncentrality) + 60):
        total += _gamma_term(noncentrality / 2, j) * central
        central += _gamma_term(statistic / 2, degrees / 2 + j)
    return total
