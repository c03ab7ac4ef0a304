"""Ranks of runs against statsmodels."""

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.models.judgments import JUDGED
from evals_mcp.models.rankings import Ranking
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import JudgmentColumn, RunColumns
from evals_mcp.statistics.rankings import MOST_RUNS, rank_ranges, rank_runs

_BOOLEAN = EvaluatorRow(id="e", version_id="e1", path="e", return_type="boolean")
_NUMBER = _BOOLEAN.model_copy(update={"return_type": "number"})


def _run(judged: dict[int, float]) -> RunColumns:
    column = JudgmentColumn(
        states=np.full(len(judged), JUDGED),
        numbers=np.array(list(judged.values()), dtype=float),
        labels=np.full(len(judged), -1),
        options=(),
        version_ids=("e1",),
    )
    return RunColumns(
        datapoints=np.array(list(judged), dtype=np.int64),
        failed=np.zeros(len(judged), dtype=bool),
        measures={},
        judgments={"e1": column},
    )


def _ranked(runs: dict[str, dict[int, float]], evaluator: EvaluatorRow = _BOOLEAN) -> Ranking:
    found = rank_runs(evaluator, {run_id: _run(judged) for run_id, judged in runs.items()})
    assert found is not None
    return found


def _runs(seed: int, rates: list[float], datapoints: int = 80) -> dict[str, dict[int, float]]:
    source = random.Random(seed)
    return {
        f"run {number}": {point: float(source.random() < rate) for point in range(datapoints)}
        for number, rate in enumerate(rates)
    }


def test_pairs_have_mcnemars_test_with_holms_correction() -> None:
    """Over the pairs that differ at all, to the last digits; a run's rank counts the significant ones."""
    from statsmodels.stats.contingency_tables import mcnemar
    from statsmodels.stats.multitest import multipletests

    runs = _runs(3, [0.2, 0.5, 0.55, 0.9])
    runs["same"] = dict(runs["run 3"])
    ranking = _ranked(runs)
    exact = []
    for pair in ranking.pairs:
        first, second = (runs[ranking.runs[index].run_id] for index in (pair.first, pair.second))
        table = np.zeros((2, 2))
        for point, value in first.items():
            table[int(value), int(second[point])] += 1
        exact.append(mcnemar(table, exact=True).pvalue)
    changed = [index for index, pair in enumerate(ranking.pairs) if pair.comparison.changed]
    adjusted = multipletests([exact[index] for index in changed], method="holm")[1]
    assert [ranking.pairs[index].comparison.adjusted_p for index in changed] == pytest.approx(adjusted, abs=1e-9)
    assert ranking.tested == len(changed) == len(ranking.pairs) - 1
    assert [(run.best, run.worst) for run in ranking.runs] == [(1, 2), (1, 2), (3, 4), (3, 4), (5, 5)]
    assert ranking.runs[2].better_than == [4]
    assert ranking.shared == 80


@given(st.integers(0, 10_000), st.lists(st.floats(0, 1), min_size=2, max_size=5), st.randoms())
def test_ranks_do_not_depend_on_the_order(seed: int, rates: list[float], source: random.Random) -> None:
    """Of runs or logs; with the same datapoints in all runs, each place in the order is a possible rank."""
    runs = _runs(seed, rates, 30)
    ranking = _ranked(runs)
    mixed = {
        run_id: dict(source.sample(list(runs[run_id].items()), len(runs[run_id])))
        for run_id in source.sample(list(runs), len(runs))
    }
    again = {run.run_id: (run.best, run.worst, run.mean) for run in _ranked(mixed).runs}
    assert again == {run.run_id: (run.best, run.worst, run.mean) for run in ranking.runs}
    for index, run in enumerate(ranking.runs, 1):
        assert run.best <= index <= run.worst


def test_lower_can_be_better_and_numbers_without_a_direction_are_highest_first() -> None:
    """Runs without a shared datapoint have no test and may have any rank; runs that nobody judged have none."""
    runs = {"low": {point: 1.0 + point % 2 for point in range(20)}, "high": dict.fromkeys(range(20), 4.0)}
    for row, order in (
        (_NUMBER.model_copy(update={"lower_is_better": True}), ["low", "high"]),
        (_NUMBER.model_copy(update={"has_valence": False}), ["high", "low"]),
    ):
        ranking = _ranked({**runs, "none": {}}, row)
        assert [(run.run_id, run.best, run.worst) for run in ranking.runs] == [(order[0], 1, 1), (order[1], 2, 2)]
        assert ranking.unjudged == ["none"]
    apart = _ranked({"here": {1: 1.0, 2: 1.0}, "there": {3: 0.0}})
    assert [(run.best, run.worst) for run in apart.runs] == [(1, 2), (1, 2)]
    assert apart.pairs[0].comparison.pairs == apart.shared == apart.tested == 0
    assert rank_runs(_NUMBER.model_copy(update={"neutral": True}), {"low": _run(runs["low"])}) is None


def test_of_many_runs_the_best_are_ranked() -> None:
    """The others are named, so that nobody takes them for tied."""
    ranking = _ranked(_runs(1, [number / 40 for number in range(40)], 20))
    assert len(ranking.runs) == MOST_RUNS
    assert len(ranking.omitted) == 40 - MOST_RUNS
    assert len(ranking.pairs) == len(list(combinations(range(MOST_RUNS), 2)))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_ranges_count_wins_and_losses(won: list[tuple[int, int]]) -> None:
    """Nobody is better than all and worse than one."""
    found = rank_ranges(6, {pair for pair in won if pair[0] < pair[1]})
    assert all(1 <= item.best <= item.worst <= 6 for item in found)
