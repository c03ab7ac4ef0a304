"""Errors of estimates whose logs repeat by datapoint, and their intervals. No judgments.

An estimate's influence is what each log adds to it. Logs of one datapoint go together: their influences add up before
they are squared (Miller 2024, arXiv:2411.00640). With one log for each datapoint, this is the usual delta method.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evals_mcp.models.agreement import Estimate
from evals_mcp.statistics.distributions import Z_INTERVAL, bisect, student_tail
from evals_mcp.statistics.results import SIGNIFICANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray


def distinct(values: NDArray[Any]) -> int:
    """How many different values there are. Sorting is many times as fast as `np.unique`, which hashes."""
    import numpy as np

    return 0 if not len(values) else 1 + int(np.count_nonzero(np.diff(np.sort(values))))


def clustered_error(influence: NDArray[Any], clusters: NDArray[Any]) -> float:
    """The standard error of an estimate, from each log's influence (which sum to 0) and datapoint.

    NaN for several logs of one datapoint, which tell nothing about others.
    """
    import numpy as np

    _, index = np.unique(clusters, return_inverse=True)
    sums = np.bincount(index, weights=influence)
    if len(sums) == len(influence):
        return math.sqrt(float((sums**2).sum()))
    return math.sqrt(float((sums**2).sum()) * len(sums) / (len(sums) - 1)) if len(sums) > 1 else math.nan


def rate_estimate(hits: NDArray[Any], weights: NDArray[Any], clusters: NDArray[Any]) -> Estimate:
    """A weighted rate of hits (0 to 1), with Wilson's interval for as many independent logs as the error tells."""

    total = float(weights.sum())
    rate = min(1.0, float((weights * hits).sum()) / total)
    low, high = wilson(rate, independent_size(hits, weights, clusters))
    return Estimate(value=rate, low=low, high=high)


def independent_size(hits: NDArray[Any], weights: NDArray[Any], clusters: NDArray[Any]) -> float:
    """How many independent logs tell a weighted rate of hits (0 to 1) as well as these, which repeat by cluster."""
    total = float(weights.sum())
    rate = min(1.0, float((weights * hits).sum()) / total)
    error = clustered_error(weights * (hits - rate) / total, clusters)
    return rate * (1 - rate) / error**2 if error > 1e-12 else float(distinct(clusters[weights > 0]))


def wilson(rate: float, size: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a rate over `size` independent logs, which may be a fraction."""
    z2 = Z_INTERVAL**2 / size
    middle = (rate + z2 / 2) / (1 + z2)
    half = math.sqrt(z2 * (rate * (1 - rate) + z2 / 4)) / (1 + z2)
    return max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half))


def bounded_estimate(value: float, error: float, low_if_perfect: float | None = None) -> Estimate:
    """A coefficient of -1 to 1 with its interval on Fisher's scale, where it is nearly normal.

    A coefficient of 1 has no error of its own; its lower bound is then `low_if_perfect`. Others without an error, as of
    a constant rater, get no interval.
    """
    if value > 1 - 1e-12:
        return Estimate(value=1.0, low=low_if_perfect, high=None if low_if_perfect is None else 1.0)
    if value <= -1 + 1e-12 or not error > 1e-12:
        return Estimate(value=value)
    half = Z_INTERVAL * error / (1 - value * value)
    return Estimate(value=value, low=math.tanh(math.atanh(value) - half), high=math.tanh(math.atanh(value) + half))


def mean_estimate(values: NDArray[Any], weights: NDArray[Any], clusters: NDArray[Any]) -> Estimate:
    """A weighted mean with its normal interval; none for a single datapoint."""

    total = float(weights.sum())
    mean = float((weights * values).sum()) / total
    if distinct(clusters) < 2:
        return Estimate(value=mean)
    half = Z_INTERVAL * clustered_error(weights * (values - mean) / total, clusters)
    return Estimate(value=mean, low=mean - half, high=mean + half)


def datapoint_mean(values: NDArray[Any]) -> Estimate:
    """The mean of one number for each datapoint, with Student's interval; none for one, or if all are equal."""
    amount = len(values)
    mean = math.fsum(values.tolist()) / amount
    if amount < 2 or float(values.max()) == float(values.min()):
        return Estimate(value=mean)
    error = math.sqrt(math.fsum(((values - mean) ** 2).tolist()) / (amount - 1) / amount)
    half = error * bisect(lambda t: student_tail(t, amount - 1) - SIGNIFICANCE, 0.0, 20.0)
    return Estimate(value=mean, low=mean - half, high=mean + half)
