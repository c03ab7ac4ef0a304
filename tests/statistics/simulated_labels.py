"""A judge and people, with known rates and correlation."""

import math
from typing import Any, NamedTuple

import numpy as np

from evals_mcp.statistics.clustered import wilson
from evals_mcp.statistics.corrected_rates import prediction_powered_rate

PEOPLE = 0.71


class CorrectedShares(NamedTuple):
    """Of simulations the share whose corrected rate covers the truth, and its mean width over that of labels alone."""

    covered: float
    width: float


def judge_and_people(
    rng: np.random.Generator, amount: int, people: float, judge: float, correlation: float
) -> tuple[Any, Any]:
    """A judge's judgments and the truth, with these rates of true and this correlation."""
    both = people * judge + correlation * math.sqrt(people * (1 - people) * judge * (1 - judge))
    truth = rng.random(amount) < people
    judged = rng.random(amount) < np.where(truth, both / people, (judge - both) / (1 - people))
    return judged.astype(float), truth.astype(float)


def correct_rates(
    logs: int, labels: int, simulations: int, correlation: float = 0.7, seed: int = 11
) -> CorrectedShares:
    """Correct the rate of a judge of so many logs by so many labels, again and again."""
    rng = np.random.default_rng(seed)
    covered, width, alone = 0, 0.0, 0.0
    for _ in range(simulations):
        judged, truth = judge_and_people(rng, logs, PEOPLE, 0.75, correlation)
        chosen = rng.permutation(logs)[:labels]
        given = np.full(logs, math.nan)
        given[chosen] = truth[chosen]
        found = prediction_powered_rate(judged, given, np.arange(logs))
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= PEOPLE <= found.high
        width += found.high - found.low
        low, high = wilson(float(truth[chosen].mean()), labels)
        alone += high - low
    return CorrectedShares(covered / simulations, width / alone)
