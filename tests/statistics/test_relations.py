"""Correlations and quantiles against SciPy and NumPy."""

import math

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.models.relations import BINS, NumberRow
from evals_mcp.statistics.relations import LogNumbers, average_ranks, correlate, describe, relate

_ROW = NumberRow(measure="length", logs=0, mean=0, quantiles=[], bars=[])
_TRUE_OR_FALSE = _ROW.model_copy(update={"is_boolean": True, "measure": None, "evaluator_version_id": "e"})
_NUMBERS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=40)


@given(_NUMBERS)
def test_spearman_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    """Ties have mean ranks. A number that never varies has no correlation."""
    first, second = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    assert average_ranks(first).tolist() == scipy.stats.rankdata(first).tolist()
    logs = np.arange(len(first))
    row = relate([LogNumbers(_ROW, first), LogNumbers(_ROW, second)], 0, 1, logs, np.zeros(len(first)))
    assert row is not None
    assert row.method == "spearman"
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        assert row.correlation is None
        return
    assert row.correlation is not None
    assert row.correlation.value == pytest.approx(scipy.stats.spearmanr(first, second).statistic, abs=1e-9)


@given(_NUMBERS)
def test_the_point_biserial_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    """With a boolean on one side; its interval is Fisher's, or wider."""
    first = np.array([float(one > 4) for one, _ in pairs])
    second = np.array([float(other) for _, other in pairs])
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return
    logs = np.arange(len(first))
    row = relate([LogNumbers(_TRUE_OR_FALSE, first), LogNumbers(_ROW, second)], 0, 1, logs, np.zeros(len(first)))
    assert row is not None
    assert row.correlation is not None
    assert row.correlation.value == pytest.approx(scipy.stats.pointbiserialr(first, second).statistic, abs=1e-9)
    if row.correlation.low is not None:
        interval = scipy.stats.pearsonr(first, second).confidence_interval(0.95)
        assert row.correlation.high is not None
        assert row.correlation.low <= interval.low + 1e-9
        assert row.correlation.high >= interval.high - 1e-9


def test_a_longer_and_better_run_makes_no_relation_within_runs() -> None:
    """One run is longer and better, and within both nothing relates; a log of each datapoint twice tells as one."""
    rng = np.random.default_rng(4)
    runs = np.repeat([0, 1], 300)
    length, good = rng.normal(runs * 4.0, 1), (rng.random(600) < 0.3 + 0.5 * runs).astype(float)
    numbers = [LogNumbers(_TRUE_OR_FALSE, good), LogNumbers(_ROW, length)]
    row = relate(numbers, 0, 1, np.arange(600), runs)
    assert row is not None
    assert row.correlation is not None
    assert row.within is not None
    assert row.correlation.value > 0.4
    assert row.within.low < 0 < row.within.high  # type: ignore[operator]
    once = correlate(good, length, np.arange(600))
    twice = correlate(np.tile(good, 2), np.tile(length, 2), np.tile(np.arange(600), 2))
    assert once is not None
    assert twice is not None
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high), abs=2e-3)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=80))
def test_quantiles_and_bars_count_all_logs(values: list[float]) -> None:
    """Quantiles are NumPy's; the bars count each log once."""
    row = describe(_ROW, np.array(values))
    assert row.quantiles == pytest.approx(np.quantile(values, [0, 0.1, 0.5, 0.9, 1]).tolist())
    assert row.mean == pytest.approx(math.fsum(values) / len(values))
    assert sum(row.bars) == row.logs == len(values)
    assert len(row.bars) == (len(row.values) or BINS)
