"""Agreement of runs and evaluators about a datapoint."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.statistics.agreement import (
    Agreement,
    Judgment,
    NumberRange,
    agreement_of_runs,
    failing_judgments,
    judgment_fails,
)

ONE_TO_FIVE = NumberRange(1, 5)
OPTIONS: dict[str, str | None] = {"bad": "negative", "ok": None, "good": "positive"}


@pytest.mark.parametrize(
    ("judgment", "kind", "valence", "fails"),
    [
        (False, "boolean", "positive", True),
        (True, "boolean", "positive", False),
        (True, "boolean", "negative", True),
        (False, "boolean", "neutral", None),
        (2, "number", "positive", True),
        (3, "number", "positive", False),
        (4, "number", "negative", True),
        (3, "number", "negative", False),
        (1, "number", "neutral", None),
        (math.nan, "number", "positive", None),
        (True, "number", "positive", None),
        (1, "boolean", "positive", None),
        ("bad", "select", "positive", True),
        ("ok", "select", "positive", False),
        (["good", "bad"], "multi_select", "positive", True),
        ([], "multi_select", "positive", False),
        (1, "select", "positive", None),
        ("bad", "text", "positive", None),
        (None, "boolean", "positive", None),
    ],
)
def test_a_failure_follows_kind_and_valence(judgment: Judgment, kind: str, valence: str, fails: bool | None) -> None:
    """False, the lowest quarter and negative options fail; what has no direction does not."""
    assert judgment_fails(judgment, failing_judgments(kind, valence, OPTIONS, ONE_TO_FIVE)) is fails


def test_nothing_fails_without_a_range_or_a_negative_option() -> None:
    """Numbers without range, and options without a negative one, can not fail."""
    assert failing_judgments("number") is None
    assert failing_judgments("number", number_range=NumberRange(1, 1)) is None
    assert failing_judgments("select", options={"good": "positive"}) is None


def test_runs_that_differ_disagree() -> None:
    """True and false, two options, numbers half the range apart."""
    assert agreement_of_runs([True, False, None], "boolean") == Agreement(2, 1.0, True, False)
    assert agreement_of_runs(["bad", "good"], "select", options=OPTIONS).disagree
    assert agreement_of_runs([2, 4], "number", number_range=ONE_TO_FIVE) == Agreement(2, 0.5, True, False)
    assert not agreement_of_runs([3, 4], "number", number_range=ONE_TO_FIVE).disagree
    assert agreement_of_runs([["a", "b"], ["b", "c"]], "multi_select").spread == pytest.approx(2 / 3)
    assert agreement_of_runs(["x", "y"], "text") == Agreement(2, 0.0, False, False)


def test_a_datapoint_where_every_run_fails_is_found() -> None:
    """All judged runs fail, and at least one is judged."""
    assert agreement_of_runs([False, None, False], "boolean") == Agreement(2, 0.0, False, True)
    assert agreement_of_runs([1, 2], "number", number_range=ONE_TO_FIVE).all_fail
    assert agreement_of_runs([None], "boolean") == Agreement(0, 0.0, False, False)
    assert not agreement_of_runs([1, math.nan], "number", number_range=ONE_TO_FIVE).all_fail


def test_numbers_without_a_range_agree() -> None:
    """Without a range, and with odd values only, nothing is called far apart."""
    assert agreement_of_runs([1, 100], "number").spread == 0.0
    assert agreement_of_runs([math.nan, "x"], "number", number_range=ONE_TO_FIVE).spread == 0.0
    assert agreement_of_runs([[], []], "multi_select").spread == 0.0
    assert agreement_of_runs([3], "select").spread == 0.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 10) | st.none()))
def test_the_spread_is_a_share(values: list[float | None]) -> None:
    """Between nothing and everything, also where declared limits are exceeded."""
    result = agreement_of_runs(values, "number", number_range=ONE_TO_FIVE)
    assert 0 <= result.spread <= 1
    assert result.disagree == (result.spread >= 0.5)
