"""Figures in which each datapoint counts once: those of a comparison of the run with itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.statistics.datapoint_figures import CountedJudgment, average_by_datapoint, shares_by_datapoint
from evals_mcp.statistics.pairing import pair_columns


def counted(*judged: tuple[str | None, Any, int]) -> list[CountedJudgment]:
    """Judgments of datapoints with their numbers of logs."""
    return [CountedJudgment(*item) for item in judged]


def test_a_datapoint_with_many_logs_counts_once() -> None:
    """Seven true logs of one of three datapoints are a third; logs without a datapoint stand alone."""
    assert average_by_datapoint(counted(("a", True, 7), ("b", False, 1), ("c", False, 1))) == pytest.approx(1 / 3)
    assert average_by_datapoint(counted(("a", 5, 2), ("a", 2, 1), (None, 1, 2))) == pytest.approx((4 + 1 + 1) / 3)
    assert average_by_datapoint([]) is None


def test_shares_of_options_are_by_datapoint_too() -> None:
    """One option or several per log; an empty choice counts as a log."""
    assert shares_by_datapoint(counted(("a", "ok", 3), ("a", "bad", 1), ("b", "bad", 1))) == {"bad": 0.625, "ok": 0.375}
    several = counted(("a", ["x", "y"], 1), ("a", ["x"], 1), (None, [], 2))
    assert shares_by_datapoint(several) == {"x": pytest.approx(1 / 3), "y": pytest.approx(1 / 6)}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-5, 5), st.integers(1, 4)), min_size=1))
def test_an_average_is_that_of_a_comparison(judged: list[tuple[str, int, int]]) -> None:
    """Which pairs the means of the same datapoints."""
    logs = [(key, float(value)) for key, value, times in judged for _ in range(times)]
    columns = [key for key, _ in logs], [value for _, value in logs]
    pairs = pair_columns(*columns, *columns)
    assert average_by_datapoint(counted(*judged)) == pytest.approx(float(pairs.baseline.mean()))
