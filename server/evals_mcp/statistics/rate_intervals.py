"""Intervals of rates, and of differences of unpaired rates."""

import math

from evals_mcp.statistics.distributions import Z_INTERVAL


def newcombe_interval(before: int, before_of: int, after: int, after_of: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two unpaired rates, after minus before (Newcombe 1998, method 10)."""
    first, second = before / before_of, after / after_of
    first_low, first_high = wilson_interval(first, before_of)
    second_low, second_high = wilson_interval(second, after_of)
    difference = second - first
    return (
        difference - math.hypot(second - second_low, first_high - first),
        difference + math.hypot(second_high - second, first - first_low),
    )


def wilson_interval(rate: float, amount: int, quantile: float = Z_INTERVAL) -> tuple[float, float]:
    """The score interval of a rate (Wilson 1927), 95 % unless another quantile is given."""
    square = quantile**2
    middle = (rate + square / (2 * amount)) / (1 + square / amount)
    half = quantile / (1 + square / amount) * math.sqrt(rate * (1 - rate) / amount + square / (4 * amount**2))
    return max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half))
