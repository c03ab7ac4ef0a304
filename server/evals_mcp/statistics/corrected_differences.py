"""The difference of two runs by people, from a judge's judgments of all pairs and people's labels of some.

Two estimates. By labels: people's rate for each pair of judgments, weighted by how often these are given, as in
`corrected_rates`. It holds whatever the judge's errors are. By errors: the judge's difference over how much more often
it says true where people do (Rogan and Gladen 1978). It is much narrower, and holds if the judge errs alike on both
runs; whether it favours one of them is tested.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.models.agreement import Estimate
from evals_mcp.statistics.corrected_rates import lacking_variance
from evals_mcp.statistics.distributions import Z_INTERVAL

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPairs:
    """The datapoints that a judge judged in both runs: its judgments and people's labels, each from 0 to 1.

    Repeated logs of a datapoint are averaged. Labels are NaN where people did not judge.
    """

    judged: tuple[NDArray[Any], NDArray[Any]]
    labels: tuple[NDArray[Any], NDArray[Any]]

    def strata(self) -> NDArray[Any]:
        """The pair of judgments of each datapoint, as a code from 0 to 3. The candidate's has the value 2."""
        first, second = self.judged
        return (first >= 0.5) + 2 * (second >= 0.5)


class ByLabels(NamedTuple):
    """A difference by labels, and the part of its standard error that more labels would lower."""

    estimate: Estimate
    label_error: float


class JudgeSlopes(NamedTuple):
    """How the judge follows people's labels: how much more it says true where they do, and its favour.

    `favour` is how much more it says true of the candidate than of the baseline where labels are equal; 0 with an
    error of infinity if only one run has labels.
    """

    slope: float
    slope_error: float
    favour: float
    favour_error: float

    @property
    def surety(self) -> float:
        """The slope in half widths of its 95 % interval: from 1 on, the judge follows people's labels at all."""
        return 0.0 if self.slope <= 0 else self.slope / (Z_INTERVAL * self.slope_error)

    @property
    def favour_p(self) -> float:
        """The p-value that the judge favours no run."""
        if not self.favour_error:
            return float(self.favour == 0)
        return math.erfc(abs(self.favour) / self.favour_error / math.sqrt(2))


def difference_by_labels(pairs: LabelledPairs) -> ByLabels | None:
    """The difference of the rates by people, candidate minus baseline, with its 95 % interval.

    None if some judgment has no label in some run.
    """
    import numpy as np

    strata, amount = pairs.strata(), len(pairs.judged[0])
    expected, influence, extra, of_labels = np.zeros(amount), np.zeros(amount), 0.0, 0.0
    for side, sign in ((0, -1.0), (1, 1.0)):
        labels = pairs.labels[side]
        labelled = ~np.isnan(labels)
        for group in _groups(strata, labelled, side):
            seen, share = group & labelled, float(group.mean())
            n = int(seen.sum())
            if not n:
                return None
            rate = float(labels[seen].mean())
            expected[group] += sign * rate
            influence[seen] += sign * share * (labels[seen] - rate) / n
            variance = float(((labels[seen] - rate) ** 2).mean())
            extra += share**2 * lacking_variance(rate, variance, n)
            of_labels += share**2 * variance / n
    value = float(expected.mean())
    influence += (expected - value) / amount
    half = Z_INTERVAL * math.sqrt(float((influence**2).sum()) + extra)
    estimate = Estimate(value=value, low=max(-1.0, value - half), high=min(1.0, value + half))
    return ByLabels(estimate, math.sqrt(of_labels + extra))


def difference_by_errors(difference: Estimate, slopes: JudgeSlopes) -> Estimate | None:
    """The judge's difference over its slope, with Fieller's interval. None if the slope may be 0."""
    slope, error = slopes.slope, slopes.slope_error
    square = Z_INTERVAL**2 * error**2
    if slope <= 0 or slope**2 <= square or difference.low is None or difference.high is None:
        return None
    value, denominator = difference.value, slope**2 - square
    bounds = []
    for end, sign in ((difference.low, -1.0), (difference.high, 1.0)):
        root = math.sqrt(max(0.0, (value * slope) ** 2 - denominator * (value**2 - (end - value) ** 2)))
        bounds.append((value * slope + sign * root) / denominator)
    low, high = (min(1.0, max(-1.0, bound)) for bound in bounds)
    value = min(1.0, max(-1.0, value / slope))
    return Estimate(value=value, low=min(low, value), high=max(high, value))


def judge_slopes(pairs: LabelledPairs) -> JudgeSlopes | None:
    """Regress judgments on labels, and on the run; errors are robust, by datapoint. None where labels do not vary.

    Labels are weighted to stand for all pairs with the same judgments, so that samples which are even by the judge's
    judgments do not bias.
    """
    import numpy as np

    strata = pairs.strata()
    parts = []
    for side in (0, 1):
        labelled = ~np.isnan(pairs.labels[side])
        weights = np.zeros(len(strata))
        for group in _groups(strata, labelled, side):
            seen = group & labelled
            weights[seen] = group.sum() / max(1, seen.sum())
        at: NDArray[Any] = np.flatnonzero(labelled)
        parts.append((at, pairs.judged[side][at], pairs.labels[side][at], weights[at], np.full(len(at), float(side))))
    units, judged, labels, weights, of_run = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    if len(units) < 3 or np.ptp(labels) == 0:
        return None
    slope, error = _coefficient(judged, labels, [np.ones(len(units))], weights, units)
    error = math.hypot(error, _unseen_error(judged, labels))
    if np.ptp(of_run) == 0:
        return JudgeSlopes(slope, error, 0.0, math.inf)
    return JudgeSlopes(slope, error, *_coefficient(judged, of_run, [np.ones(len(units)), labels], weights, units))


def _unseen_error(judged: NDArray[Any], labels: NDArray[Any]) -> float:
    """The error of the slope by judgments that few labels do not show: a judge without an error so far may err."""
    extra = 0.0
    for said in (judged[labels >= 0.5], judged[labels < 0.5]):
        if len(said):
            extra += lacking_variance(float(said.mean()), float(said.var()), len(said))
    return math.sqrt(extra)


def _coefficient(
    outcome: NDArray[Any],
    regressor: NDArray[Any],
    others: list[NDArray[Any]],
    weights: NDArray[Any],
    units: NDArray[Any],
) -> tuple[float, float]:
    """The weighted least-squares coefficient of a regressor beside others, and its error by unit."""
    import numpy as np

    root = np.sqrt(weights)
    design = np.column_stack(others) * root[:, None]
    alone, residual = (
        column - design @ np.linalg.lstsq(design, column, rcond=None)[0]
        for column in (regressor * root, outcome * root)
    )
    spread = float(alone @ alone)
    if spread < 1e-12:
        return 0.0, math.inf
    value = float(alone @ residual) / spread
    scores = alone * (residual - value * alone) / spread
    _, index = np.unique(units, return_inverse=True)
    return value, math.sqrt(float((np.bincount(index, weights=scores) ** 2).sum()))


def _groups(strata: NDArray[Any], labelled: NDArray[Any], side: int) -> list[NDArray[Any]]:
    """The pairs with the same two judgments; with the same of this run, if some of these have no label."""
    import numpy as np

    own = (strata >> side) & 1
    groups = []
    for value in np.unique(own).tolist():
        alike = own == value
        found = [strata == code for code in np.unique(strata[alike]).tolist()]
        groups += found if all((group & labelled).any() for group in found) else [alike]
    return groups
