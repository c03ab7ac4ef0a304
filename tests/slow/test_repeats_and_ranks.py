"""That intervals of repeats and ratings contain the truth, and that ranks of equal runs stay open."""

import numpy as np
import pytest

from evals_mcp.models.agreement import Estimate
from evals_mcp.models.judgments import JUDGED
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.bradley_terry import Outcomes
from evals_mcp.statistics.columns import JudgmentColumn, RunColumns
from evals_mcp.statistics.model_ratings import NamedSides, rate_models
from evals_mcp.statistics.rankings import rank_runs
from evals_mcp.statistics.repeats import repeat_rows

_SIMULATIONS = 400
_ROW = EvaluatorRow(id="e", version_id="e1", path="e", return_type="boolean")


def _run(datapoints: list[int], judged: list[float]) -> RunColumns:
    amount = len(judged)
    column = JudgmentColumn(
        states=np.full(amount, JUDGED),
        numbers=np.array(judged),
        labels=np.full(amount, -1),
        options=(),
        version_ids=("e1",),
    )
    return RunColumns(
        datapoints=np.array(datapoints), failed=np.zeros(amount, dtype=bool), measures={}, judgments={"e1": column}
    )


def _holds(estimate: Estimate | None, truth: float) -> bool:
    return estimate is not None and (estimate.low or 0.0) <= truth <= (estimate.high or 0.0)


@pytest.mark.parametrize("logs", [3, 5])
def test_repeats_hold_the_truth(logs: int) -> None:
    """Fifty datapoints of a uniform difficulty: mean, pass@2 and pass^2 in 93 % of intervals."""
    rng = np.random.default_rng(21)
    held = np.zeros(3)
    for _ in range(_SIMULATIONS):
        chances = np.repeat(rng.random(50), logs)
        judged = (rng.random(len(chances)) < chances).astype(float)
        (row,) = repeat_rows(_ROW, "run", _run(np.repeat(np.arange(50), logs).tolist(), judged.tolist()))
        of_two = row.rates[0]
        held += [_holds(row.mean, 1 / 2), _holds(of_two.any_of, 2 / 3), _holds(of_two.all_of, 1 / 3)]
    assert held.min() >= 0.93 * _SIMULATIONS, held


def test_equal_runs_are_rarely_ranked() -> None:
    """In at most 5 % of evaluations of five equal runs does any get a better rank than another."""
    rng = np.random.default_rng(22)
    ranked = 0
    for _ in range(_SIMULATIONS):
        chances = rng.random(100)
        runs = {
            f"run {number}": _run(list(range(100)), (rng.random(100) < chances).astype(float).tolist())
            for number in range(5)
        }
        found = rank_runs(_ROW, runs)
        assert found is not None
        ranked += any(run.better_than for run in found.runs)
    assert ranked <= 0.05 * _SIMULATIONS, ranked


@pytest.mark.parametrize("repeats", [1, 2])
def test_ratings_hold_the_truth(repeats: int) -> None:
    """Three models in 300 pairs, judged once or twice with the same result."""
    rng = np.random.default_rng(23)
    strengths, held, total = np.array([0.8, 0.0, -0.8]), 0, 0
    for _ in range(_SIMULATIONS):
        first = rng.integers(0, 3, 300)
        second = (first + rng.integers(1, 3, 300)) % 3
        won = (rng.random(300) < 1 / (1 + np.exp(strengths[second] - strengths[first]))).astype(float)
        outcomes = Outcomes(*(np.tile(side, repeats) for side in (first, second, won, np.arange(300))))
        for model in rate_models("e", NamedSides("metadata", "a", "b"), ["0", "1", "2"], outcomes, 0).models:
            held += _holds(model.strength, float(strengths[int(model.name)]))
            total += 1
    assert held >= 0.93 * total, held / total
