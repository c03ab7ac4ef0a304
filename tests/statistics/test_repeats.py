"""Repeated logs against SciPy and statsmodels."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.models.judgments import FAILED, JUDGED
from evals_mcp.models.repeats import RepeatRow
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import JudgmentColumn, RunColumns
from evals_mcp.statistics.repeats import all_of_k, any_of_k, repeat_rows, run_repeats

_BOOLEAN = EvaluatorRow(id="e", version_id="e1", path="e", return_type="boolean")
_NUMBER = _BOOLEAN.model_copy(update={"return_type": "number"})


def _run(logs: list[tuple[int, float]]) -> RunColumns:
    """A run with these logs: the datapoint of each and its judgment, NaN for a failed one."""
    numbers = np.array([value for _, value in logs], dtype=float)
    return RunColumns(
        datapoints=np.array([datapoint for datapoint, _ in logs], dtype=np.int64),
        failed=np.zeros(len(logs), dtype=bool),
        measures={},
        judgments={
            "e1": JudgmentColumn(
                states=np.where(np.isnan(numbers), FAILED, JUDGED),
                numbers=numbers,
                labels=np.full(len(logs), -1),
                options=(),
                version_ids=("e1",),
            )
        },
    )


def _row(logs: list[tuple[int, float]], evaluator: EvaluatorRow = _BOOLEAN) -> RepeatRow:
    (row,) = repeat_rows(evaluator, "run", _run(logs))
    return row


@given(st.lists(st.tuples(st.integers(2, 200), st.integers(0, 200)), min_size=1, max_size=20), st.integers(1, 200))
def test_any_and_all_of_k_are_hypergeometric(counts: list[tuple[int, int]], k: int) -> None:
    """Drawing k of n logs, of which c pass: none of them fails, or not all do. One log passes as often as the mean."""
    from scipy.stats import hypergeom

    usable = [(n, min(c, n)) for n, c in counts if n >= k]
    logs, passed = (np.array(side) for side in zip(*usable, strict=True)) if usable else (np.array([]), np.array([]))
    assert any_of_k(logs, passed, k) == pytest.approx(1 - hypergeom.pmf(0, logs, passed, k), abs=1e-9)
    assert all_of_k(logs, passed, k) == pytest.approx(hypergeom.pmf(k, logs, passed, k), abs=1e-9)
    assert any_of_k(logs, passed, 1) == pytest.approx(passed / logs)
    assert all_of_k(logs, passed, 1) == pytest.approx(passed / logs)


_LOGS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=12, max_size=60)


@given(_LOGS, st.randoms())
def test_figures_are_means_over_datapoints(logs: list[tuple[int, int]], source: random.Random) -> None:
    """In any order of the logs: any of k ≥ mean ≥ all of k, more of k further apart, and the spread is pooled."""
    judged = [(datapoint, float(value > 1)) for datapoint, value in logs]
    found = repeat_rows(_BOOLEAN, "run", _run(judged))
    if not found:
        assert len({datapoint for datapoint, _ in logs}) == len(logs)
        return
    (row,) = found
    again = _row(source.sample(judged, len(judged)))
    assert again == row
    of_datapoints = [[value for key, value in judged if key == datapoint] for datapoint in range(10)]
    enough = [values for values in of_datapoints if len(values) >= row.k]
    assert (row.datapoints, row.logs) == (len(enough), sum(map(len, enough)))
    assert row.judged == sum(map(bool, of_datapoints))
    assert row.mean is not None
    assert row.mean.value == pytest.approx(np.mean([np.mean(values) for values in enough]))
    squares = sum((value - np.mean(values)) ** 2 for values in enough for value in values)
    assert row.within == pytest.approx(math.sqrt(squares / (row.logs - row.datapoints)))
    assert row.varying == sum(len(set(values)) > 1 for values in enough)
    bounds = [row.mean.value, row.mean.value]
    for rates in row.rates:
        assert rates.any_of.value >= bounds[0] - 1e-12
        assert rates.all_of.value <= bounds[1] + 1e-12
        bounds = [rates.any_of.value, rates.all_of.value]


def test_intervals_count_datapoints_and_are_those_of_statsmodels() -> None:
    """Of numbers: Student's of the datapoints' means; of rates: Wilson's for as many logs as they tell."""
    from statsmodels.stats.proportion import proportion_confint
    from statsmodels.stats.weightstats import DescrStatsW

    rng = np.random.default_rng(5)
    level = rng.normal(3, 1, 40)
    logs = [(n, float(level[n] + rng.normal(0, 0.5))) for n in range(40) for _ in range(4)]
    row = _row(logs, _NUMBER)
    means = [np.mean([value for datapoint, value in logs if datapoint == number]) for number in range(40)]
    low, high = DescrStatsW(means).tconfint_mean()
    assert row.mean is not None
    assert (row.mean.value, row.mean.low, row.mean.high) == pytest.approx((np.mean(means), low, high), abs=1e-9)
    assert row.within == pytest.approx(
        math.sqrt(np.mean([np.var([v for k, v in logs if k == n], ddof=1) for n in range(40)])), abs=1e-9
    )
    same = _row([(n, float(n < 30)) for n in range(40) for _ in range(3)])
    assert same.varying == same.within == 0
    wilson = proportion_confint(30, 40, method="wilson")
    for estimate in (same.mean, same.rates[-1].any_of, same.rates[-1].all_of):
        assert estimate is not None
        assert (estimate.low, estimate.high) == pytest.approx(wilson, abs=1e-9)


def test_uneven_repeats_have_the_k_of_nine_tenths_of_datapoints() -> None:
    """A few datapoints with fewer logs lower no k; without a second judged log, there is no row."""
    logs = [(n, 1.0) for n in range(19) for _ in range(5 + n % 3)] + [(19, 0.0), (19, 1.0), (20, 1.0)]
    row = _row(logs)
    assert (row.k, row.datapoints, row.judged, row.fewest, row.most) == (5, 19, 21, 5, 7)
    assert [rates.k for rates in row.rates] == [2, 5]
    assert [rates.k for rates in _row([(n, 1.0) for n in range(3) for _ in range(10)]).rates] == [2, 4, 10]
    assert repeat_rows(_BOOLEAN, "run", _run([(0, 1.0), (0, math.nan), (1, 0.0)])) == []
    repeats = run_repeats("run", _run([(0, 1.0), (0, math.nan), (-1, 0.0)]))
    assert (repeats.datapoints, repeats.fewest, repeats.most, repeats.unpaired) == (1, 2, 2, 1)


def test_what_passes_is_the_direction_of_the_evaluator() -> None:
    """False where lower is better, true without a direction, and numbers have no rates but a mean."""
    logs = [(n, float(n == 0)) for n in range(10) for _ in range(2)]
    lower = _row(logs, _BOOLEAN.model_copy(update={"lower_is_better": True}))
    neutral = _row(logs, _BOOLEAN.model_copy(update={"neutral": True}))
    number = _row(logs, _NUMBER)
    assert [row.mean.value for row in (lower, neutral, number) if row.mean] == pytest.approx([0.9, 0.1, 0.1])
    assert [row.judgments for row in (lower, neutral, number)] == ["passes", "true", "numbers"]
    assert number.rates == []
