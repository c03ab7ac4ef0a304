"""Agreement of runs and evaluators about a datapoint."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.statistics.agreement import (
    Judgment,
    NumberRange,
    failing_judgments,
    judgment_fails,
    spread,
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


def test_runs_that_differ_are_spread() -> None:
    """True and false, two options, numbers half the range apart."""
    assert spread([True, False, None], "boolean") == 1.0
    assert spread([False, None, False], "boolean") == 0.0
    assert spread(["bad", "good"], "select") == 1.0
    assert spread([2, 4], "number", ONE_TO_FIVE) == 0.5
    assert spread([3, 4], "number", ONE_TO_FIVE) == 0.25
    assert spread([["a", "b"], ["b", "c"]], "multi_select") == pytest.approx(2 / 3)
    assert spread(["x", "y"], "text") == spread([None], "boolean") == 0.0


def test_numbers_without_a_range_agree() -> None:
    """Without a range, and with odd values only, nothing is called far apart."""
    assert spread([1, 100], "number") == 0.0
    assert spread([math.nan, "x"], "number", ONE_TO_FIVE) == 0.0
    assert spread([[], []], "multi_select") == 0.0
    assert spread([3], "select") == 0.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 10) | st.none()))
def test_the_spread_is_a_share(values: list[float | None]) -> None:
    """Between nothing and everything, also where declared limits are exceeded."""
    assert 0 <= spread(values, "number", ONE_TO_FIVE) <= 1
