"""Strengths of items from pairwise outcomes, with their covariance. No names.

The probability that i wins over j is the logistic function of the difference of their strengths (Bradley and Terry
1952, Biometrika 39:324). A tie is half a win for both. The likelihood has a maximum if each item won some comparison,
through others, over each other one (Ford 1957, American Mathematical Monthly 64:28).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.statistics.clustered import distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS = 200
_LONGEST_STEP = 2.0


class Outcomes(NamedTuple):
    """Comparisons: the indexes of both items, what the first won (1, 0, or 0.5 for a tie), and the datapoints."""

    first: NDArray[Any]
    second: NDArray[Any]
    won: NDArray[Any]
    datapoints: NDArray[Any]


class Strengths(NamedTuple):
    """Strengths of connected items in log-odds, with mean 0, and the two covariances: the model's and by datapoint.

    `separated`: there was no maximum, so a tie was added for each compared pair.
    """

    values: NDArray[Any]
    of_model: NDArray[Any]
    by_datapoint: NDArray[Any]
    separated: bool

    def error(self, contrast: NDArray[Any]) -> float:
        """The standard error of a sum of strengths with these weights: the larger of both."""
        both = (self.of_model, self.by_datapoint)
        return math.sqrt(max(float(contrast @ covariance @ contrast) for covariance in both))


def win_matrix(outcomes: Outcomes, amount: int) -> NDArray[Any]:
    """How often each item (row) won over each other one (column), ties as halves."""
    import numpy as np

    wins = np.zeros((amount, amount))
    np.add.at(wins, (outcomes.first, outcomes.second), outcomes.won)
    np.add.at(wins, (outcomes.second, outcomes.first), 1 - outcomes.won)
    return wins


def connected_groups(wins: NDArray[Any]) -> list[list[int]]:
    """The items that are compared, directly or through others, largest group first."""
    import numpy as np

    reached = _reached((wins + wins.T) > 0)
    groups = {tuple(np.flatnonzero(row).tolist()) for row in reached}
    return [list(group) for group in sorted(groups, key=lambda group: (-len(group), group))]


def fit_strengths(outcomes: Outcomes, amount: int) -> Strengths:
    """Fit the strengths of connected items by Newton's method. The covariance by datapoint allows for its repeats."""
    import numpy as np

    wins = win_matrix(outcomes, amount)
    separated = not _reached(wins > 0).all()
    if separated:
        wins = wins + 0.5 * ((wins + wins.T) > 0)
    counts = wins + wins.T
    ones = np.full((amount, amount), 1 / amount)
    values = np.zeros(amount)
    for _ in range(_STEPS):
        chance = _chance(values[:, None] - values[None, :])
        step = np.linalg.solve(_information(counts, chance) + ones, (wins - counts * chance).sum(axis=1))
        values = values + step * min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < 1e-13:
            break
    values = values - values.mean()
    chance = _chance(values[:, None] - values[None, :])
    of_model = np.linalg.inv(_information(counts, chance) + ones) - ones
    return Strengths(values, of_model, _by_datapoint(outcomes, values, of_model), separated)


def _chance(difference: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    return np.asarray(1 / (1 + np.exp(-np.clip(difference, -500, 500))))


def _information(counts: NDArray[Any], chance: NDArray[Any]) -> NDArray[Any]:
    """Fisher's information: a Laplacian, singular along equal changes of all strengths."""
    import numpy as np

    weights = counts * chance * (1 - chance)
    return np.asarray(np.diag(weights.sum(axis=1)) - weights)


def _by_datapoint(outcomes: Outcomes, values: NDArray[Any], of_model: NDArray[Any]) -> NDArray[Any]:
    """The sandwich estimate with scores added up by datapoint; zero for a single one, which tells nothing."""
    import numpy as np

    residuals = outcomes.won - _chance(values[outcomes.first] - values[outcomes.second])
    amount = distinct(outcomes.datapoints)
    if amount < 2:
        return np.zeros_like(of_model)
    _, index = np.unique(outcomes.datapoints, return_inverse=True)
    scores = np.zeros((amount, len(values)))
    np.add.at(scores, (index, outcomes.first), residuals)
    np.add.at(scores, (index, outcomes.second), -residuals)
    return np.asarray(of_model @ (scores.T @ scores) @ of_model * amount / (amount - 1))


def _reached(edges: NDArray[Any]) -> NDArray[Any]:
    """Which items can be reached from each one, itself included."""
    import numpy as np

    reached = edges | np.eye(len(edges), dtype=bool)
    while True:
        further = (reached.astype(np.int32) @ reached.astype(np.int32)) > 0
        if (further == reached).all():
            return reached
        reached = further
