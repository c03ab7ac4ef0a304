"""Rates corrected for a judge's errors, against sums written out. tests/slow simulates their coverage."""

import math

import numpy as np
import pytest

from evals_mcp.statistics.corrected_rates import (
    JudgeErrorRates,
    prediction_powered_rate,
    rogan_gladen_rate,
    unevenness_p,
)
from evals_mcp.statistics.judge_errors import judge_errors
from evals_mcp.statistics.rater_agreement import Ratings

GAP = math.nan


def _ratings(values: list[float], runs: list[int] | None = None) -> Ratings:
    logs = np.flatnonzero(~np.isnan(values))
    given = np.array(values)[logs]
    of_runs = np.zeros(len(given), dtype=int) if runs is None else np.array(runs)[logs]
    return Ratings(logs, logs, of_runs, np.zeros(len(given), dtype=int), given)


def test_the_rate_of_people_is_weighted_by_the_judges_judgments() -> None:
    """80 true and 20 false by the judge; people agree on 3 of 4 true and 1 of 2 false: 0.8 × 0.75 + 0.2 × 0.5."""
    judged = np.array([1.0] * 80 + [0.0] * 20)
    labels = np.full(100, GAP)
    labels[:4], labels[80:82] = [1, 1, 1, 0], [1, 0]
    found = prediction_powered_rate(judged, labels, np.arange(100))
    assert found is not None
    assert found.value == pytest.approx(0.7, abs=1e-12)
    assert 0.2 < found.low < 0.5  # type: ignore[operator]
    # It equals prediction-powered inference with the best weight, which is the slope of labels by judgments.
    seen = ~np.isnan(labels)
    slope = np.polyfit(judged[seen], labels[seen], 1)[0]
    assert found.value == pytest.approx(labels[seen].mean() + slope * (judged.mean() - judged[seen].mean()), abs=1e-9)


def test_a_judgment_without_a_label_gives_no_rate() -> None:
    """Labels only where the judge says true tell nothing about the rest."""
    judged = np.array([1.0] * 10 + [0.0] * 10)
    labels = np.array([1.0] * 10 + [GAP] * 10)
    assert prediction_powered_rate(judged, labels, np.arange(20)) is None


def test_the_rate_by_errors_is_that_of_rogan_and_gladen() -> None:
    """(0.85 + 0.6 - 1) / (0.9 + 0.6 - 1) = 0.9; the interval contains it; a judge that guesses gives none."""
    found = rogan_gladen_rate(0.85, 400, JudgeErrorRates(0.9, 60, 0.6, 60))
    assert found is not None
    assert found.value == pytest.approx(0.9, abs=1e-12)
    assert 0.7 < found.low < 0.9 <= found.high <= 1  # type: ignore[operator]
    assert rogan_gladen_rate(0.85, 400, JudgeErrorRates(0.55, 60, 0.5, 60)) is None


def test_labels_of_chosen_logs_are_found_out() -> None:
    """Labelled: all that the judge fails. As often true with and without labels: no sign."""
    judged = np.array([1.0] * 80 + [0.0] * 20)
    assert unevenness_p(judged, judged == 0) < 1e-9  # type: ignore[operator]
    assert unevenness_p(judged, np.arange(100) % 5 == 0) == pytest.approx(1)
    assert unevenness_p(judged, np.ones(100, dtype=bool)) is None


def test_a_run_without_labels_takes_the_errors_of_others() -> None:
    """Both runs have a rate: one by its own labels, one by the judge's errors on these."""
    rng = np.random.default_rng(3)
    truth = (rng.random(600) < 0.7).astype(float)
    judged = np.where(rng.random(600) < 0.9, truth, 1 - truth)
    labels = truth.copy()
    labels[100:] = GAP
    found = judge_errors(_ratings(judged.tolist(), [0] * 300 + [1] * 300), _ratings(labels.tolist()), ["a", "b"])
    assert [(row.run_id, row.method) for row in found.corrected] == [("a", "labels"), ("b", "errors")]
    assert found.true_positive is not None
    assert found.true_positive.value == pytest.approx(judged[:100][truth[:100] == 1].mean(), abs=1e-12)
    for row in found.corrected:
        assert row.rate is not None
        assert row.rate.low < 0.7 < row.rate.high  # type: ignore[operator]
