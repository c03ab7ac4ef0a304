"""How one evaluator's judgments choose datapoints."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.models.conditions import EvaluatorScale
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.agreement import Judgment, JudgmentReading, judgment_fails


def _reading(
    return_type: str, *, low: float | None = None, high: float | None = None, can_fail: bool = True, **row: object
) -> JudgmentReading:
    evaluator = EvaluatorRow.model_validate(
        {"id": "ev_1", "version_id": "evv_1", "path": "a/b", "return_type": return_type, **row}
    )
    scale = EvaluatorScale(evaluator_version_id="evv_1", low=low, high=high, can_fail=can_fail)
    return JudgmentReading(scale, evaluator)


def _fails(reading: JudgmentReading, judgment: Judgment) -> bool | None:
    return judgment_fails(judgment, reading.failing)


def test_false_fails_unless_lower_is_better() -> None:
    """And neither does of a neutral evaluator, or one that cannot fail here."""
    assert [_fails(_reading("boolean"), value) for value in (True, False)] == [False, True]
    assert [_fails(_reading("boolean", lower_is_better=True), value) for value in (True, False)] == [True, False]
    assert _fails(_reading("boolean", neutral=True), False) is None
    assert _fails(_reading("boolean", can_fail=False), False) is None


def test_numbers_need_a_range() -> None:
    """With one, the worst quarter fails and half of it apart is a disagreement."""
    ranged = _reading("number", low=1, high=5)
    assert [_fails(ranged, value) for value in (1, 2, 3)] == [True, True, False]
    assert ranged.disagree([2, 4])
    assert not ranged.disagree([4, 5])
    assert _fails(_reading("number"), 1) is None
    assert not _reading("number").disagree([1, 5])


def test_negative_options_fail() -> None:
    """One of several is enough."""
    options: dict[str, Any] = {"options": ["kind", "rude"], "valences": {"kind": "positive", "rude": "negative"}}
    assert [_fails(_reading("select", **options), value) for value in ("kind", "rude")] == [False, True]
    assert _fails(_reading("multi_select", **options), ["kind", "rude"]) is True
    assert _fails(_reading("select", options=["a", "b"]), "a") is None


def test_nothing_judged_fails_nowhere() -> None:
    """Without a judgment there is nothing to say."""
    assert not _reading("boolean").all_fail([])
    assert not _reading("boolean").disagree([])


@given(st.lists(st.floats(0, 10), min_size=1, max_size=8), st.booleans())
def test_of_numbers_the_two_ends_are_enough(numbers: list[float], lower_is_better: bool) -> None:
    """So a database need not give every judgment of a datapoint."""
    reading = _reading("number", low=0, high=10, lower_is_better=lower_is_better)
    ends = [min(numbers), max(numbers)]
    assert reading.disagree(ends) == reading.disagree(numbers)
    assert reading.all_fail(ends) == reading.all_fail(numbers)


@pytest.mark.parametrize("return_type", ["boolean", "number", "select", "multi_select", "text"])
def test_a_judgment_of_another_type_says_nothing(return_type: str) -> None:
    """A return type that changed between versions breaks nothing."""
    reading = _reading(return_type, low=0, high=1)
    for value in (True, 0.5, "word", ["a", "b"]):
        assert reading.disagree([value, value]) in (True, False)
        assert _fails(reading, value) in (True, False, None)
