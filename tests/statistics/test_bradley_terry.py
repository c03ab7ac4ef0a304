"""Strengths from pairwise outcomes against statsmodels."""

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evals_mcp.statistics.bradley_terry import Outcomes, connected_groups, fit_strengths, win_matrix
from evals_mcp.statistics.model_ratings import NamedSides, rate_models

_SIDES = NamedSides("metadata", "model_a", "model_b")
_Played = list[tuple[int, int, float]]


def _outcomes(played: _Played, datapoints: list[int] | None = None) -> Outcomes:
    first, second, won = (np.array(side) for side in zip(*played, strict=True))
    return Outcomes(first, second, won.astype(float), np.array(datapoints or range(len(played))))


def _simulated(seed: int, strengths: list[float], amount: int) -> _Played:
    source = random.Random(seed)
    played = []
    for _ in range(amount):
        first, second = source.sample(range(len(strengths)), 2)
        chance = 1 / (1 + math.exp(strengths[second] - strengths[first]))
        played.append((first, second, 0.5 if source.random() < 0.1 else float(source.random() < chance)))
    return played


@given(st.integers(0, 10_000), st.lists(st.floats(-1.5, 1.5), min_size=2, max_size=5))
def test_strengths_and_errors_are_those_of_a_logistic_regression(seed: int, strengths: list[float]) -> None:
    """Without an intercept, ties as halves; errors of the model, and clustered by datapoint, of every difference."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    played = _simulated(seed, strengths, 120)
    outcomes = _outcomes(played, [number // 3 for number in range(120)])
    fitted = fit_strengths(outcomes, len(strengths))
    assume(not fitted.separated)
    design = np.zeros((len(played), len(strengths)))
    for row, (first, second, _) in enumerate(played):
        design[row, first], design[row, second] = 1, -1
    model = GLM(outcomes.won, design[:, 1:], family=Binomial())
    fine: dict[str, Any] = {"tol": 1e-14, "maxiter": 100}
    fine["start_params"] = model.fit(**fine).params  # its errors are those of the step before the last
    plain = model.fit(**fine)
    clustered = model.fit(**fine, cov_type="cluster", cov_kwds={"groups": outcomes.datapoints, "use_correction": False})
    assert fitted.values[1:] - fitted.values[0] == pytest.approx(plain.params, abs=1e-9)
    assert fitted.values.sum() == pytest.approx(0, abs=1e-9)
    differences = np.hstack((np.full((len(strengths) - 1, 1), -1.0), np.eye(len(strengths) - 1)))
    assert differences @ fitted.of_model @ differences.T == pytest.approx(plain.cov_params(), abs=1e-9)
    by_datapoint = differences @ fitted.by_datapoint @ differences.T
    assert by_datapoint == pytest.approx(clustered.cov_params() * 40 / 39, abs=1e-9)
    for contrast, error in zip(differences, plain.bse, strict=True):
        assert fitted.error(contrast) >= error - 1e-9


@given(st.integers(0, 10_000), st.integers(2, 5), st.randoms())
def test_ratings_do_not_depend_on_the_order(seed: int, models: int, source: random.Random) -> None:
    """Nor on which side is first: swapped sides with swapped outcomes give the same ratings."""
    played = _simulated(seed, [number / 2 for number in range(models)], 40)
    assume(len({index for first, second, _ in played for index in (first, second)}) == models)
    names = [f"m{number}" for number in range(models)]
    found = rate_models("e", _SIDES, names, _outcomes(played), 0)
    order = source.sample(range(40), 40)
    swapped = [
        (second, first, 1 - won) if source.random() < 0.5 else (first, second, won)
        for first, second, won in (played[index] for index in order)
    ]
    again = rate_models("e", _SIDES, names, _outcomes(swapped, order), 0)
    assert [model.name for model in again.models] == [model.name for model in found.models]
    for one, other in zip(found.models, again.models, strict=True):
        assert (one.won, one.judgments, one.best, one.worst) == (other.won, other.judgments, other.best, other.worst)
        assert one.strength.value == pytest.approx(other.strength.value, abs=1e-9)
        assert one.strength.low == pytest.approx(other.strength.low, abs=1e-9)
    assert again.ties == found.ties
    for index, model in enumerate(found.models, 1):
        if found.groups == 1:
            assert model.best <= index <= model.worst


def test_a_model_that_won_everything_has_a_finite_rating() -> None:
    """With a tie for each compared pair, and said so; it stays first."""
    played = [(0, 1, 1.0)] * 10 + [(1, 2, 1.0)] * 6 + [(2, 1, 1.0)] * 4
    found = rate_models("e", _SIDES, ["best", "middle", "last"], _outcomes(played), 3)
    assert found.separated
    assert [model.name for model in found.models] == ["best", "middle", "last"]
    assert found.models[0].strength.high is not None
    assert math.isfinite(found.models[0].strength.high)
    assert (found.models[0].won, found.models[0].judgments, found.skipped) == (10, 10, 3)
    assert found.first_side is not None
    assert found.first_side.value == 1


def test_models_that_nothing_connects_are_rated_apart() -> None:
    """Each group has strengths with mean 0 and ranks of its own, and no test between groups."""
    played = [(0, 1, 1.0), (0, 1, 0.0), (0, 1, 1.0), (2, 3, 1.0), (3, 4, 1.0), (4, 2, 1.0)]
    outcomes = _outcomes(played)
    assert connected_groups(win_matrix(outcomes, 5)) == [[2, 3, 4], [0, 1]]
    found = rate_models("e", _SIDES, list("abcde"), outcomes, 0)
    assert found.groups == 2
    assert [model.group for model in found.models] == [0, 0, 0, 1, 1]
    assert [(pair.first, pair.second) for pair in found.pairs] == [(0, 1), (0, 2), (1, 2), (3, 4)]
    assert [model.worst for model in found.models] == [3, 3, 3, 2, 2]
    assert found.models[3].name == "a"
    assert found.models[3].strength.value == pytest.approx(math.log(2) / 2)


def test_one_judgment_tells_little() -> None:
    """A single judgment, or only ties: finite ratings, and no rank."""
    for won in (1.0, 0.5):
        found = rate_models("e", _SIDES, ["a", "b"], _outcomes([(0, 1, won)]), 0)
        assert [(model.best, model.worst) for model in found.models] == [(1, 2), (1, 2)]
        assert all(math.isfinite(model.strength.value) for model in found.models)
    assert found.first_side is None
