"""How raters agree: equal judgments, Cohen's kappa, Krippendorff's alpha. No names of raters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evals_mcp.models.agreement import Estimate
from evals_mcp.statistics.clustered import bounded_estimate, clustered_error, distinct, rate_estimate, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """The judgments of one rater: a value for each log and author, with the log's number, datapoint and run.

    Values are numbers, or codes of options. Logs and datapoints have the same numbers for all raters.
    """

    logs: NDArray[Any]
    datapoints: NDArray[Any]
    runs: NDArray[Any]
    authors: NDArray[Any]
    values: NDArray[Any]

    def only(self, mask: NDArray[Any]) -> Ratings:
        """Some of the judgments."""
        return Ratings(*(getattr(self, name)[mask] for name in self.__slots__))

    def clustered(self, clusters: NDArray[Any]) -> Ratings:
        """The ratings with each datapoint's cluster in its place. Logs without a datapoint keep their number."""
        import numpy as np

        datapoints = np.where(self.datapoints < 0, self.datapoints, clusters[np.maximum(self.datapoints, 0)])
        return replace(self, datapoints=datapoints)

    def per_log(self) -> Ratings:
        """One judgment for each log: the mean of its authors'. Sorted by log."""
        import numpy as np

        logs, first, index, counts = np.unique(self.logs, return_index=True, return_inverse=True, return_counts=True)
        means = np.bincount(index, weights=self.values) / counts
        return Ratings(logs, self.datapoints[first], self.runs[first], self.authors[first], means)


@dataclass(frozen=True, slots=True, eq=False)
class JudgedTwice:
    """Judgments of the same logs by two raters: one item for each pair of authors, with a weight. A log weighs 1."""

    first: NDArray[Any]
    second: NDArray[Any]
    weights: NDArray[Any]
    datapoints: NDArray[Any]
    logs: int


def judged_twice(first: Ratings, second: Ratings) -> JudgedTwice:
    """Join two raters' judgments by log."""
    import numpy as np

    order = np.argsort(second.logs, kind="stable")
    sorted_logs = second.logs[order]
    start = np.searchsorted(sorted_logs, first.logs, "left")
    counts = np.searchsorted(sorted_logs, first.logs, "right") - start
    left = np.repeat(np.arange(len(first.logs)), counts)
    offsets = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
    right = order[np.repeat(start, counts) + offsets]
    logs, index, times = np.unique(first.logs[left], return_inverse=True, return_counts=True)
    weights = 1 / times[index] if len(left) else np.zeros(0)
    return JudgedTwice(first.values[left], second.values[right], weights, first.datapoints[left], len(logs))


def raw_agreement(pair: JudgedTwice) -> Estimate:
    """The rate of equal judgments."""
    return rate_estimate((pair.first == pair.second).astype(float), pair.weights, pair.datapoints)


def cohens_kappa(pair: JudgedTwice) -> tuple[Estimate, float] | None:
    """Cohen's kappa with its interval and standard error (Fleiss, Cohen and Everitt 1969), by datapoint.

    None if all judgments are equal, where chance explains everything.
    """
    import numpy as np

    total = float(pair.weights.sum())
    codes, index = np.unique(np.concatenate((pair.first, pair.second)), return_inverse=True)
    if len(codes) < 2:
        return None
    first, second = index[: len(pair.first)], index[len(pair.first) :]
    rows = np.bincount(first, weights=pair.weights, minlength=len(codes)) / total
    columns = np.bincount(second, weights=pair.weights, minlength=len(codes)) / total
    equal = (first == second).astype(float)
    observed, chance = float((pair.weights * equal).sum()) / total, float(rows @ columns)
    kappa = (observed - chance) / (1 - chance)
    by_chance = columns[first] + rows[second] - 2 * chance
    influence = (equal - observed) / (1 - chance) - (1 - observed) / (1 - chance) ** 2 * by_chance
    error = clustered_error(pair.weights * influence / total, pair.datapoints)
    low = wilson(observed, distinct(pair.datapoints))[0]
    return bounded_estimate(kappa, error, (low - chance) / (1 - chance)), error


def krippendorffs_alpha(
    logs: NDArray[Any], values: NDArray[Any], datapoints: NDArray[Any], *, interval: bool
) -> tuple[Estimate, float] | None:
    """Krippendorff's alpha, nominal or for intervals, with its interval and standard error by datapoint.

    Each item is a judgment of a log. Logs with one judgment do not count. Krippendorff 2011, Computing Krippendorff's
    alpha-reliability. None without a log that two judged, or if all judgments are equal.
    """
    import numpy as np

    _, first, unit, counts = np.unique(logs, return_index=True, return_inverse=True, return_counts=True)
    paired = counts[unit] > 1
    if not paired.any() or distinct(values[paired]) < 2:
        return None
    unit, values = unit[paired], values[paired].astype(float)
    amount, size = len(values), len(counts)
    apart = _apart_within(unit, values, size, interval=interval) / np.maximum(counts - 1, 1)
    by_value, expected = _apart_overall(values, interval=interval)
    observed = float(apart.sum())
    alpha = 1 - (amount - 1) * observed / expected
    # The derivative for each log: of the amount of judgments, of what is observed, and of what is expected.
    judgments = np.where(counts > 1, counts, 0)
    of_expected = 2 * np.bincount(unit, weights=by_value, minlength=size)
    influence = -(
        (amount - 1) / expected * apart
        + observed / expected * judgments
        - (amount - 1) * observed / expected**2 * of_expected
    )
    influence -= influence[counts > 1].sum() / (counts > 1).sum() * (counts > 1)
    error = clustered_error(influence, datapoints[first])
    low = None
    if not interval:
        together = wilson(1.0, distinct(datapoints[first][counts > 1]))[0]
        low = 1 - (1 - together) * amount * (amount - 1) / expected
    return bounded_estimate(alpha, error, low), error


def _apart_within(unit: NDArray[Any], values: NDArray[Any], size: int, *, interval: bool) -> NDArray[Any]:
    """The sum of differences over all ordered pairs of a log's judgments: 1 if unequal, or the squared difference."""
    import numpy as np

    counts = np.bincount(unit, minlength=size)
    if interval:
        centred = values - values.mean()
        sums = np.bincount(unit, weights=centred, minlength=size)
        return np.asarray(2 * (counts * np.bincount(unit, weights=centred**2, minlength=size) - sums**2))
    _, codes = np.unique(values, return_inverse=True)
    cells, times = np.unique(unit * (codes.max() + 1) + codes, return_counts=True)
    return np.asarray(counts**2 - np.bincount(cells // (codes.max() + 1), weights=times**2, minlength=size))


def _apart_overall(values: NDArray[Any], *, interval: bool) -> tuple[NDArray[Any], float]:
    """The same over all pairs of judgments: the sum for each judgment with all others, and the total."""
    import numpy as np

    if interval:
        centred = values - values.mean()
        squares = float((centred**2).sum())
        return len(values) * centred**2 + squares - 2 * centred * centred.sum(), 2 * len(values) * squares
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (len(values) - counts[codes]).astype(float), float(len(values) ** 2 - (counts**2).sum())
