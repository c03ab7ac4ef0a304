from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.answers.frame import figures

_ALL = (
    *(figures.number, figures.mean, figures.rate),
    *(lambda value: figures.change(0.0, value), lambda value: figures.rate_change(0.0, value)),
    *(figures.duration, figures.cost, lambda value: figures.p_value(value if not abs(value) > 1 else 1 / value)),
)


def test_counts_have_separators_and_a_noun_that_agrees() -> None:
    """Thousands are separated; one log, two logs."""
    assert [figures.count(n, "log") for n in (0, 1, 2, 12345)] == ["0 logs", "1 log", "2 logs", "12,345 logs"]
    assert figures.count(12345) == "12,345"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(5, "5"), (5.0, "5"), (1 / 3, "0.33"), (0.00123, "0.0012"), (2024.5, "2024.5"), (-0.0, "0"), (1e20, "1e+20")],
)
def test_a_single_number_is_as_short_as_it_stays_telling(value: float, shown: str) -> None:
    """No zeros at the end, two digits of small numbers."""
    assert figures.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1, "100%"), (0, "0%"), (0.98, "98%"), (0.975, "97.5%"), (0.9996, ">99.9%"), (0.0004, "<0.1%"), (2 / 3, "66.7%")],
)
def test_a_rate_is_not_rounded_to_all_or_nothing(value: float, shown: str) -> None:
    """Only a rate of exactly 1 is 100 %, only exactly 0 is 0 %."""
    assert figures.rate(value) == shown


def test_means_and_differences_have_two_decimals() -> None:
    """Differences carry their sign, and a difference that rounds to nothing carries none."""
    assert figures.mean(4.7899) == "4.79"
    assert [figures.change(0, d) for d in (0.07, -0.521, 0.001, -0.001, 0)] == ["+0.07", "-0.52", *["0.00"] * 3]
    assert [figures.rate_change(0, d) for d in (0.025, -0.05, -0.0001)] == ["+2.5 points", "-5 points", "0 points"]


def test_a_difference_is_that_of_the_rounded_figures() -> None:
    """A reader who subtracts what is shown finds it."""
    assert (figures.mean(0.714), figures.mean(0.776), figures.change(0.714, 0.776)) == ("0.71", "0.78", "+0.07")
    assert (figures.rate(1 / 3), figures.rate(2 / 3), figures.rate_change(1 / 3, 2 / 3)) == (
        "33.3%",
        "66.7%",
        "+33.4 points",
    )


def test_p_values_keep_two_digits() -> None:
    """Small p-values are told apart, the smallest only bounded."""
    shown = [figures.p_value(p) for p in (1, 0.314, 0.0473, 0.012, 0.00042, 0.00012, 0.00001, 0)]
    assert shown == ["p=1.00", "p=0.31", "p=0.047", "p=0.012", "p=0.0004", "p=0.0001", "p<0.0001", "p<0.0001"]


def test_a_p_value_above_the_level_is_not_rounded_down_to_it() -> None:
    """What is not significant does not look so."""
    assert [figures.p_value(p) for p in (0.05, 0.05001, 0.0504, 0.0506)] == ["p=0.050", "p=0.051", "p=0.051", "p=0.051"]


def test_times_and_money_come_in_fitting_units() -> None:
    """Milliseconds to hours, dollars to fractions of a cent, moments in UTC."""
    spans = [figures.duration(seconds) for seconds in (0, 0.4204, 0.9999, 4.23, 59.99, 185, 3599.9, 7380)]
    assert spans == ["0 ms", "420 ms", "1.0 s", "4.2 s", "1 min 00 s", "3 min 05 s", "1 h 00 min", "2 h 03 min"]
    assert [figures.cost(dollars) for dollars in (0, 12.3, 0.00123, 1234.5)] == ["$0", "$12.30", "$0.0012", "$1,234.50"]
    moment = datetime(2026, 11, 21, 2, 5, 59, tzinfo=timezone(timedelta(hours=1)))
    assert figures.date(moment) == figures.date(datetime(2026, 11, 21, 1, 5)) == "2026-11-21 01:05Z"
    assert figures.date(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02 00:00Z"


@given(st.floats())
def test_no_number_is_too_odd_to_show(value: float) -> None:
    """Infinite and undefined numbers are words, negative zero is zero, and nothing is long."""
    for shown in (figure(value) for figure in _ALL):
        assert len(shown) < 40
        assert "nan" not in shown
        assert "inf" not in shown.replace("infinity", "")
        assert shown.strip("-0.% $pointsm") or "-" not in shown


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(0, "0 logs have an error"), (1, "1 log has an error"), (2, "2 logs have an error")],
)
def test_number_and_verb_agree(amount: int, expected: str) -> None:
    """Of none, of one and of two."""
    assert figures.clause(amount, "log", "have an error") == expected
    assert figures.clause(amount, "log", "changed") == f"{expected.partition(' h')[0]} changed"
