"""Correlations of numbers of logs, their quantiles and histograms. No names of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evals_mcp.models.agreement import Estimate
from evals_mcp.models.relations import BINS, QUANTILES, NumberRow, RelationRow
from evals_mcp.statistics.clustered import clustered_error, distinct
from evals_mcp.statistics.distributions import Z_INTERVAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LAST_BIN = 0.95  # the quantile where the last bin begins, so that a few outliers do not fill the histogram


@dataclass(frozen=True, slots=True, eq=False)
class LogNumbers:
    """A number of each log, or NaN. `row` names it."""

    row: NumberRow
    values: NDArray[Any]


def describe(row: NumberRow, values: NDArray[Any]) -> NumberRow:
    """The row with the figures of these values, of which there must be one."""
    import numpy as np

    low, end = float(values.min()), float(np.quantile(values, _LAST_BIN))
    distinct, counts = np.unique(values, return_counts=True)
    found: dict[str, object] = {
        "logs": len(values),
        "mean": math.fsum(values.tolist()) / len(values),
        "quantiles": np.quantile(values, QUANTILES).tolist(),
    }
    if len(distinct) <= BINS:
        return row.model_copy(update={**found, "bars": counts.tolist(), "values": distinct.tolist()})
    step = ((end if end > low else float(values.max())) - low) / (BINS - 1)
    at = np.minimum((values - low) / step, BINS - 1).astype(int)
    return row.model_copy(update={**found, "bars": np.bincount(at, minlength=BINS).tolist(), "step": step})


def relate(
    numbers: Sequence[LogNumbers], first: int, second: int, datapoints: NDArray[Any], runs: NDArray[Any]
) -> RelationRow | None:
    """The correlation of two numbers over the logs that have both; None without any."""
    import numpy as np

    one, other = numbers[first], numbers[second]
    both = ~np.isnan(one.values) & ~np.isnan(other.values)
    logs = int(both.sum())
    if not logs:
        return None
    is_ranked = not (one.row.is_boolean or other.row.is_boolean)
    sides = [item.values[both] for item in (one, other)]
    if is_ranked:
        sides = [average_ranks(side) for side in sides]
    clusters, of_runs = datapoints[both], runs[both]
    row = RelationRow(
        first=first,
        second=second,
        logs=logs,
        datapoints=distinct(clusters),
        method="spearman" if is_ranked else "point-biserial",
        correlation=correlate(sides[0], sides[1], clusters, ranked=is_ranked),
    )
    if distinct(of_runs) < 2:
        return row
    centred = [_centred(side, of_runs) for side in sides]
    return row.model_copy(update={"within": correlate(centred[0], centred[1], clusters, ranked=is_ranked)})


def average_ranks(values: NDArray[Any]) -> NDArray[Any]:
    """Ranks from 1; equal values share the mean of theirs."""
    import numpy as np

    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[index])


def correlate(
    first: NDArray[Any], second: NDArray[Any], clusters: NDArray[Any], *, ranked: bool = False
) -> Estimate | None:
    """Pearson's correlation (of ranks: Spearman's) with an interval on Fisher's scale; None where a side does not vary.

    The error of ranks is that of Bonett and Wright 2000, Psychometrika 65:23; repeats of a datapoint count as so many
    logs as the error by datapoint says. Other numbers, which need not be normal, have the error of the delta method if
    it is larger than Fisher's.
    """
    import numpy as np

    amount = len(first)
    sides = [side - side.mean() for side in (first, second)]
    spreads = [math.sqrt(float((side**2).mean())) for side in sides]
    if min(float(np.ptp(first)), float(np.ptp(second))) < 1e-12 or min(spreads) == 0:
        return None
    u, v = (side / spread for side, spread in zip(sides, spreads, strict=True))
    value = min(1.0, max(-1.0, float((u * v).mean())))
    influence = (u * v - value * (u**2 + v**2) / 2) / amount
    size, error = float(amount), clustered_error(influence, clusters)
    if distinct(clusters) < amount:
        single = math.sqrt(float((influence**2).sum()))
        size = amount * min(1.0, single / error) ** 2 if error > 1e-12 else 0.0
    if not size > 4 or abs(value) > 1 - 1e-12:
        return Estimate(value=value)
    by_fisher = math.sqrt((1 + value**2 / 2 if ranked else 1) / (size - 3))
    half = Z_INTERVAL * (by_fisher if ranked else max(by_fisher, error / (1 - value**2)))
    middle = math.atanh(value)
    return Estimate(value=value, low=math.tanh(middle - half), high=math.tanh(middle + half))


def _centred(values: NDArray[Any], runs: NDArray[Any]) -> NDArray[Any]:
    """Differences from the mean of each run."""
    import numpy as np

    _, index, counts = np.unique(runs, return_inverse=True, return_counts=True)
    return np.asarray(values - (np.bincount(index, weights=values) / counts)[index])
