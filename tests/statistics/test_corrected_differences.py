"""Differences by a judge, corrected by people's labels, against statsmodels and sums written out."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.statistics.planted_evaluations import Plan, plant
from tests.statistics.run_samples import evaluator

from evals_mcp.models.agreement import Estimate
from evals_mcp.statistics.corrected_differences import (
    JudgeSlopes,
    LabelledPairs,
    difference_by_errors,
    difference_by_labels,
    judge_slopes,
)
from evals_mcp.statistics.distributions import Z_INTERVAL
from evals_mcp.statistics.judge_corrections import are_same_question
from evals_mcp.statistics.verdicts import Decision, Finding

Array = NDArray[np.float64]


def _pairs(seed: int, labels: int, favour: float = 0.0) -> LabelledPairs:
    """A judge of 300 datapoints in two runs, of which people labelled so many in each."""
    chance = np.random.default_rng(seed)
    judged, given = [], []
    for run in (0, 1):
        truth = (chance.random(300) < 0.6).astype(float)
        says = np.where(truth == 1, 0.85, 0.2) + favour * run
        judged.append((chance.random(300) < says).astype(float))
        given.append(np.full(300, np.nan))
        at = chance.permutation(300)[:labels]
        given[run][at] = truth[at]
    return LabelledPairs((judged[0], judged[1]), (given[0], given[1]))


def test_labels_of_all_give_peoples_own_difference() -> None:
    """With a label on every log of both runs, the difference is that of the labels, and its error theirs or more."""
    pairs = _pairs(1, 300)
    found = difference_by_labels(pairs)
    assert found is not None
    differences = pairs.labels[1] - pairs.labels[0]
    assert found.estimate.value == pytest.approx(differences.mean(), abs=1e-9)
    assert found.estimate.high is not None
    error = (found.estimate.high - found.estimate.value) / Z_INTERVAL
    assert differences.std() / math.sqrt(300) <= error <= 1.02 * differences.std() / math.sqrt(300)


def test_labels_are_weighted_by_how_often_a_pair_of_judgments_is_given() -> None:
    """Labels of regressions only, and of a few others: the rates are of each pair of judgments, so nothing biases."""
    before, after = np.repeat([1.0, 1.0, 0.0], [60, 20, 20]), np.repeat([1.0, 0.0, 0.0], [60, 20, 20])
    labels = [np.full(100, np.nan), np.full(100, np.nan)]
    for side in labels:
        side[[0, 1, 2, 3]] = [1, 1, 1, 0]
        side[[80, 81]] = [0, 1]
    labels[0][60:80] = 1.0
    labels[1][60:80] = np.repeat([1.0, 0.0], 10)
    found = difference_by_labels(LabelledPairs((before, after), (labels[0], labels[1])))
    assert found is not None
    assert found.estimate.value == pytest.approx(0.2 * (0.5 - 1.0), abs=1e-12)
    labels[1][80:] = np.nan  # no label where both say false: people's rate where the candidate's is false stands for it
    found = difference_by_labels(LabelledPairs((before, after), (labels[0], labels[1])))
    assert found is not None
    assert found.estimate.value == pytest.approx(0.6 * 0.75 + 0.4 * 0.5 - (0.6 * 0.75 + 0.2 + 0.2 * 0.5), abs=1e-12)
    labels[1][60:] = np.nan
    assert difference_by_labels(LabelledPairs((before, after), (labels[0], labels[1]))) is None


@pytest.mark.parametrize("seed", [2, 3])
def test_slopes_and_favour_are_those_of_a_weighted_regression(seed: int) -> None:
    """Statsmodels' weighted least squares with errors by datapoint, each label weighted to stand for its judgments."""
    import statsmodels.api as sm

    pairs = _pairs(seed, 90, favour=0.1)
    strata = pairs.strata()
    parts = []
    for side in (0, 1):
        seen = ~np.isnan(pairs.labels[side])
        weights = np.bincount(strata, minlength=4) / np.maximum(1, np.bincount(strata[seen], minlength=4))
        at = np.flatnonzero(seen)
        parts.append((pairs.judged[side][at], pairs.labels[side][at], weights[strata[at]], at, np.full(len(at), side)))
    judged, labels, weights, units, runs = (np.concatenate(column) for column in zip(*parts, strict=True))

    def fit(*regressors: Array) -> tuple[float, float]:
        model = sm.WLS(judged, np.column_stack([*regressors, np.ones(len(judged))]), weights=weights)
        clusters = {"groups": units, "use_correction": False}
        found = model.fit(cov_type="cluster", cov_kwds=clusters)
        return float(found.params[0]), float(found.bse[0])

    found = judge_slopes(pairs)
    assert found is not None
    assert found.slope == pytest.approx(fit(labels)[0], abs=1e-9)
    assert fit(labels)[1] <= found.slope_error <= 1.1 * fit(labels)[1]
    assert (found.favour, found.favour_error) == pytest.approx(fit(runs, labels), abs=1e-9)


def test_a_difference_by_errors_has_fiellers_interval() -> None:
    """The bounds are where (d - D·slope)² = z²·(var d + D²·var slope); a slope that may be 0 gives none."""
    judge, slopes = Estimate(value=-0.1, low=-0.16, high=-0.04), JudgeSlopes(0.6, 0.08, 0.0, 0.05)
    found = difference_by_errors(judge, slopes)
    assert found is not None
    assert found.value == pytest.approx(-0.1 / 0.6, abs=1e-12)
    for bound in (found.low, found.high):
        assert bound is not None
        variance = (0.06 / Z_INTERVAL) ** 2 + bound**2 * 0.08**2
        assert (-0.1 - bound * 0.6) ** 2 == pytest.approx(Z_INTERVAL**2 * variance, abs=1e-9)
    assert difference_by_errors(judge, JudgeSlopes(0.15, 0.08, 0.0, 0.05)) is None
    exact = difference_by_errors(judge, JudgeSlopes(0.5, 0.0, 0.0, 0.05))
    assert exact is not None
    assert (exact.low, exact.high) == pytest.approx((-0.32, -0.08), abs=1e-12)


def test_only_people_with_the_same_direction_label_a_judge() -> None:
    """Numbers, another direction, and a second evaluator of people do not count."""
    judge, human = evaluator("judge", "boolean"), evaluator("human", "boolean", evaluator_type="human")
    assert are_same_question(judge, human)
    assert not are_same_question(human, human)
    assert not are_same_question(evaluator("judge", "number"), human)
    assert not are_same_question(evaluator("judge", "boolean", lower_is_better=True), human)


def test_a_verdict_takes_labels_into_account() -> None:
    """Few labels of people who see no loss leave no criterion of their own; a judge that favours a run cannot tell."""
    chance = np.random.default_rng(4)
    fair = plant(chance, Plan(pairs=2_000, multiples=[[3.0]], true_positive=0.95, true_negative=0.9, labels=40))
    assert [item.row.evaluator_version_id for item in fair.verdict.criteria] == ["v0"]
    assert fair.verdict.decision is Decision.SHIP
    (fair_row,) = fair.found.corrected
    assert fair_row.method == "errors"
    favoured = plant(
        chance, Plan(pairs=2_000, multiples=[[-1.0]], true_positive=0.8, true_negative=0.75, labels=150, favour=0.2)
    )
    (row,) = favoured.found.corrected
    assert row.method == "labels"
    assert row.favour == pytest.approx(0.2, abs=0.12)
    assert favoured.found.candidates[0].comparisons[0].verdict == "better"
    (criterion,) = favoured.verdict.criteria
    assert criterion.finding is Finding.OPEN
    assert favoured.verdict.decision is Decision.CANNOT_TELL
    assert criterion.labels_needed is None or criterion.labels_needed > 150


def test_a_loss_in_a_group_is_a_loss() -> None:
    """A candidate that is no worse overall but loses in a quarter of the datapoints is not to be shipped."""
    found = plant(np.random.default_rng(5), Plan(pairs=2_000, multiples=[[1.0]], slice_multiple=-3.0, missing=0.0))
    assert found.is_lossy_slice
    assert found.verdict.decision is Decision.DO_NOT_SHIP
    assert [(item.key, item.value) for item in found.verdict.groups] == [("0", "0")]


def test_labels_do_not_overrule_a_loss_and_correct_one_judge_only() -> None:
    """A loss by the judge that labels deny stays open; labels belong to the judge that follows them, not to others."""
    chance = np.random.default_rng(7)
    plan = Plan(pairs=2_000, multiples=[[6.0]], true_positive=0.8, true_negative=0.75, labels=700, favour=-0.35)
    disputed = plant(chance, plan)
    (criterion,) = (item for item in disputed.verdict.criteria if item.row.evaluator_version_id == "v0")
    assert criterion.is_disputed
    assert disputed.verdict.decision is Decision.CANNOT_TELL
    two = plant(chance, Plan(pairs=500, multiples=[[0.0, 0.0]], true_positive=0.9, true_negative=0.9, labels=60))
    assert [item.evaluator_version_id for item in two.found.corrected] == ["v0"]
    code = evaluator("code", "boolean", evaluator_type="python")
    assert not are_same_question(code, evaluator("human", "boolean", evaluator_type="human"))
