"""How one evaluator's judgments choose datapoints."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.models.review import EvaluatorRow, Judge
from evals_mcp.statistics.choices import Rule, read_rule


def _rule(
    return_type: str, *, low: float | None = None, high: float | None = None, can_fail: bool = True, **row: object
) -> Rule:
    evaluator = EvaluatorRow.model_validate(
        {"id": "ev_1", "version_id": "evv_1", "path": "a/b", "return_type": return_type, **row}
    )
    return read_rule(Judge(evaluator_version_id="evv_1", low=low, high=high, can_fail=can_fail), evaluator)


def test_false_fails_unless_lower_is_better() -> None:
    """And neither does of a neutral evaluator, or one that cannot fail here."""
    assert [_rule("boolean").fails(value) for value in (True, False)] == [False, True]
    assert [_rule("boolean", lower_is_better=True).fails(value) for value in (True, False)] == [True, False]
    assert _rule("boolean", neutral=True).fails(False) is None
    assert _rule("boolean", can_fail=False).fails(False) is None


def test_numbers_need_a_range() -> None:
    """With one, the worst quarter fails and half of it apart is a disagreement."""
    ranged = _rule("number", low=1, high=5)
    assert [ranged.fails(value) for value in (1, 2, 3)] == [True, True, False]
    assert ranged.disagree([2, 4])
    assert not ranged.disagree([4, 5])
    assert _rule("number").fails(1) is None
    assert not _rule("number").disagree([1, 5])


def test_negative_options_fail() -> None:
    """One of several is enough."""
    options: dict[str, Any] = {"options": ["kind", "rude"], "valences": {"kind": "positive", "rude": "negative"}}
    assert [_rule("select", **options).fails(value) for value in ("kind", "rude")] == [False, True]
    assert _rule("multi_select", **options).fails(["kind", "rude"]) is True
    assert _rule("select", options=["a", "b"]).fails("a") is None


def test_nothing_judged_fails_nowhere() -> None:
    """Without a judgment there is nothing to say."""
    assert not _rule("boolean").all_fail([])
    assert not _rule("boolean").disagree([])


@given(st.lists(st.floats(0, 10), min_size=1, max_size=8), st.booleans())
def test_of_numbers_the_two_ends_are_enough(numbers: list[float], lower_is_better: bool) -> None:
    """So a database need not give every judgment of a datapoint."""
    rule = _rule("number", low=0, high=10, lower_is_better=lower_is_better)
    ends = [min(numbers), max(numbers)]
    assert rule.disagree(ends) == rule.disagree(numbers)
    assert rule.all_fail(ends) == rule.all_fail(numbers)


@pytest.mark.parametrize("return_type", ["boolean", "number", "select", "multi_select", "text"])
def test_a_judgment_of_another_type_says_nothing(return_type: str) -> None:
    """A return type that changed between versions breaks nothing."""
    rule = _rule(return_type, low=0, high=1)
    for value in (True, 0.5, "word", ["a", "b"]):
        assert rule.disagree([value, value]) in (True, False)
        assert rule.fails(value) in (True, False, None)
