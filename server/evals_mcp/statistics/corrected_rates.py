"""The rate that people would give, from a judge's judgments of all logs and people's of some."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.models.agreement import Estimate
from evals_mcp.statistics.clustered import clustered_error, wilson
from evals_mcp.statistics.distributions import Z_INTERVAL

if TYPE_CHECKING:
    from numpy.typing import NDArray


class JudgeErrorRates(NamedTuple):
    """A judge's rates against people, each with the number of independent labels behind it."""

    true_positive: float
    positives: float
    true_negative: float
    negatives: float


def prediction_powered_rate(strata: NDArray[Any], labels: NDArray[Any], clusters: NDArray[Any]) -> Estimate | None:
    """The rate of true by people over all logs: people's rate for each judgment, weighted by how often it is given.

    An item for each log: the stratum, which is the judge's judgment (of several runs, that and the run), people's label
    (0 to 1, or NaN) and the datapoint. For a boolean judge this is the estimate by prediction-powered inference at its
    best weight (Angelopoulos, Duchi and Zrnic 2023, arXiv:2311.01453). It also holds for a sample that is even across
    the judge's judgments. None if a stratum has no
    label.
    """
    import numpy as np

    amount = len(strata)
    labelled = ~np.isnan(labels)
    by_judgment, extra = np.zeros(amount), 0.0
    influence = np.zeros(amount)
    for value in np.unique(strata):
        given = strata == value
        seen = given & labelled
        n, share = int(seen.sum()), float(given.mean())
        if not n:
            return None
        rate = float(labels[seen].mean())
        by_judgment[given] = rate
        influence[seen] += share * (labels[seen] - rate) / n
        extra += share**2 * lacking_variance(rate, float(((labels[seen] - rate) ** 2).mean()), n)
    rate = float(by_judgment.mean())
    error = math.sqrt(clustered_error(influence + (by_judgment - rate) / amount, clusters) ** 2 + extra)
    low, high = wilson(rate, rate * (1 - rate) / error**2) if 0 < rate < 1 else wilson(rate, float(labelled.sum()))
    return Estimate(value=rate, low=low, high=high)


def lacking_variance(rate: float, variance: float, labels: int) -> float:
    """What the variance of a rate over few labels lacks: with one more label of each kind, it is rarely 0."""
    smooth = (rate * labels + 1) / (labels + 2)
    return max(0.0, smooth * (1 - smooth) / labels - variance / labels)


def rogan_gladen_rate(judge_rate: float, size: float, errors: JudgeErrorRates) -> Estimate | None:
    """The rate of true by people over logs that have no labels, from a judge's rate and errors elsewhere.

    The interval is that of Lang and Reiczigel 2014, Preventive Veterinary Medicine 113:13. None if the judge's errors
    tell nothing: true is as likely where people say false.
    """
    positive, n_positive, negative, n_negative = errors
    z2 = Z_INTERVAL**2
    told = _smooth(positive, n_positive, 1) + _smooth(negative, n_negative, 1) - 1
    spread = math.sqrt(sum(p * (1 - p) / (n + 2) for p, n in _smoothed(errors)))
    if told <= Z_INTERVAL * spread or positive + negative <= 1:
        return None
    (p, n), (q, m) = _smoothed(errors)
    n, m = n + 2, m + 2
    share = (judge_rate * size + z2 / 2) / (size + z2)
    rate = (share + q - 1) / told
    shift = 2 * z2 * (rate * p * (1 - p) / n - (1 - rate) * q * (1 - q) / m)
    variance = share * (1 - share) / (size + z2) + rate**2 * p * (1 - p) / n + (1 - rate) ** 2 * q * (1 - q) / m
    half = Z_INTERVAL * math.sqrt(variance) / told
    value = min(1.0, max(0.0, (judge_rate + negative - 1) / (positive + negative - 1)))
    low, high = (min(1.0, max(0.0, bound)) for bound in (rate + shift - half, rate + shift + half))
    return Estimate(value=value, low=min(low, value), high=max(high, value))


def _smoothed(errors: JudgeErrorRates) -> tuple[tuple[float, float], tuple[float, float]]:
    positive, n_positive, negative, n_negative = errors
    return (
        (_smooth(positive, n_positive, 1), n_positive),
        (_smooth(negative, n_negative, 1), n_negative),
    )


def _smooth(rate: float, size: float, more: float) -> float:
    return (rate * size + more) / (size + 2 * more)


def unevenness_p(judged: NDArray[Any], labelled: NDArray[Any]) -> float | None:
    """The p-value that a judge is true as often with a label as without; None if there is nothing to compare."""
    n, m = int(labelled.sum()), int((~labelled).sum())
    if not n or not m:
        return None
    rate, overall = float(judged[labelled].mean()), float(judged.mean())
    spread = math.sqrt(overall * (1 - overall) * (1 / n + 1 / m))
    if spread == 0:
        return 1.0
    return math.erfc(abs(rate - float(judged[~labelled].mean())) / spread / math.sqrt(2))
