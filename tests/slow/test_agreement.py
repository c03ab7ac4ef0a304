"""That intervals of agreement, correlations and corrected rates contain the truth, over simulated labels."""

import math

import numpy as np
import pytest
from tests.statistics.simulated_labels import correct_rates, judge_and_people

from evals_mcp.models.agreement import Estimate
from evals_mcp.statistics.corrected_rates import JudgeErrorRates, prediction_powered_rate, rogan_gladen_rate
from evals_mcp.statistics.rater_agreement import JudgedTwice, cohens_kappa, krippendorffs_alpha, raw_agreement
from evals_mcp.statistics.relations import correlate

_SIMULATIONS = 400
_LEAST = 0.93


def _holds(estimate: Estimate | None, truth: float) -> bool:
    assert estimate is not None
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low <= truth <= estimate.high


@pytest.mark.parametrize(("logs", "labels"), [(2_000, 60), (2_000, 200), (400, 60)])
def test_corrected_rates_hold_the_truth_and_are_narrower_than_labels_alone(logs: int, labels: int) -> None:
    """Judge and people correlated by 0.7: at least 93 % of intervals hold it, at 0.85 of the width at most."""
    found = correct_rates(logs, labels, _SIMULATIONS)
    assert found.covered >= _LEAST
    assert found.width <= 0.85


def test_a_sample_that_is_even_by_the_judge_gives_the_rate_too() -> None:
    """As many labels where it says false as where it says true, though it says true on most logs."""
    rng = np.random.default_rng(12)
    held = 0
    for _ in range(_SIMULATIONS):
        judged, truth = judge_and_people(rng, 1_000, 0.8, 0.8, 0.6)
        given = np.full(1_000, math.nan)
        for value in (0, 1):
            chosen = rng.permutation(np.flatnonzero(judged == value))[:40]
            given[chosen] = truth[chosen]
        held += _holds(prediction_powered_rate(judged, given, np.arange(1_000)), 0.8)
    assert held >= _LEAST * _SIMULATIONS


def test_rates_by_errors_hold_the_truth() -> None:
    """The judge errs alike on 80 labels of one run and on another run without labels."""
    rng = np.random.default_rng(13)
    held = told = 0
    for _ in range(_SIMULATIONS):
        judged, truth = judge_and_people(rng, 80, 0.6, 0.65, 0.7)
        rates = [judged[truth == 1].mean(), (truth == 1).sum(), 1 - judged[truth == 0].mean(), (truth == 0).sum()]
        other = judge_and_people(rng, 500, 0.6, 0.65, 0.7)[0]
        if (found := rogan_gladen_rate(other.mean(), 500, JudgeErrorRates(*map(float, rates)))) is not None:
            held, told = held + _holds(found, 0.6), told + 1
    assert told > 0.95 * _SIMULATIONS
    assert held >= _LEAST * told


@pytest.mark.parametrize("repeats", [1, 3])
def test_agreement_and_correlations_hold_the_truth(repeats: int) -> None:
    """Sixty datapoints, with one log or with three that are alike: kappa, alpha, agreement and correlation."""
    rng = np.random.default_rng(14)
    held = {"kappa": 0, "alpha": 0, "equal": 0, "correlation": 0}
    equal = 1 - 2 * (0.4 - 0.16 - 0.6 * 0.24)
    for _ in range(_SIMULATIONS):
        judged, truth = (np.tile(side, repeats) for side in judge_and_people(rng, 60, 0.4, 0.4, 0.6))
        points, logs = np.tile(np.arange(60), repeats), np.arange(60 * repeats)
        pair = JudgedTwice(judged, truth, np.ones(len(logs)), points, len(logs))
        kappa = cohens_kappa(pair)
        values = np.concatenate((judged, truth))
        alpha = krippendorffs_alpha(np.tile(logs, 2), values, np.tile(points, 2), interval=False)
        assert kappa is not None
        assert alpha is not None
        held["kappa"] += _holds(kappa[0], 0.6)
        held["alpha"] += _holds(alpha[0], 0.6)
        held["equal"] += _holds(raw_agreement(pair), equal)
        held["correlation"] += _holds(correlate(judged, truth, points), 0.6)
    assert min(held.values()) >= _LEAST * _SIMULATIONS, held
