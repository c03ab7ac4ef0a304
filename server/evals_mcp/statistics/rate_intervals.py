"""Intervals of rates, and of differences of unpaired rates."""

import math

from evals_mcp.statistics.distributions import Z_INTERVAL


def newcombe_interval(before: tuple[float, float], after: tuple[float, float]) -> tuple[float, float]:
    """The 95 % interval of the difference of two unpaired rates, after minus before (Newcombe 1998, method 10).

    Each side is its rate and the number of independent logs that tell it, which may be a fraction.
    """
    first, second = before[0], after[0]
    first_low, first_high = wilson_interval(*before)
    second_low, second_high = wilson_interval(*after)
    difference = second - first
    return (
        difference - math.hypot(second - second_low, first_high - first),
        difference + math.hypot(second_high - second, first - first_low),
    )


def wilson_interval(rate: float, amount: float, quantile: float = Z_INTERVAL) -> tuple[float, float]:
    """The score interval of a rate (Wilson 1927), 95 % unless another quantile is given."""
    square = quantile**2
    middle = (rate + square / (2 * amount)) / (1 + square / amount)
    half = quantile / (1 + square / amount) * math.sqrt(rate * (1 - rate) / amount + square / (4 * amount**2))
    return max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half))
