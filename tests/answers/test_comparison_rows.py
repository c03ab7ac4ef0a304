"""Comparisons as cells: figures of each kind, and verdicts that say how sure they are."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evals_mcp.answers.comparison_rows import HEADERS, comparison_cells, difference_word, verdict_words
from evals_mcp.models.comparisons import ComparisonRow, OptionRow


def row(**fields: Any) -> ComparisonRow:
    """A comparison of 200 pairs by numbers, changed by what is given."""
    usual = {
        "kind": "number",
        "verdict": "better",
        "pairs": 200,
        "only_baseline": 0,
        "only_candidate": 0,
        "ignored": 0,
        "averaged": False,
        "baseline": 4.794,
        "candidate": 4.931,
        "difference": 0.137,
        "low": 0.0361,
        "high": 0.2478,
        "test": "paired sign-flip permutation test",
        "p_value": 0.0168,
        "better": 12,
        "worse": 2,
        "changed": 14,
        "same": 186,
    }
    return ComparisonRow.model_validate({**usual, **fields})


def cells(found: ComparisonRow) -> dict[str, str]:
    """The cells by their headers."""
    return dict(zip(HEADERS, comparison_cells(found), strict=True))


def test_numbers_are_rounded_to_what_they_carry() -> None:
    """Means to two decimals, the p-value to two digits, counts as they are."""
    assert comparison_cells(row()) == [
        "200",
        "4.79",
        "4.93",
        "+0.14",
        "+0.04 to +0.25",
        "0.017",
        "12/2/186",
        "better",
    ]


def test_thirds_are_not_shown_with_ever_more_digits() -> None:
    """Their difference is that of the rounded rates."""
    shown = cells(row(kind="boolean", baseline=1 / 3, candidate=2 / 3, difference=1 / 3, low=None, high=None))
    assert (shown["baseline"], shown["candidate"], shown["difference"]) == ("33.3%", "66.7%", "+33.4 points")


def test_booleans_are_rates_and_differ_in_points() -> None:
    """A difference of rates is never in percent, which would be ambiguous."""
    shown = cells(row(kind="boolean", baseline=0.85, candidate=0.615, difference=-0.235, low=-0.4, high=-0.07))
    assert (shown["baseline"], shown["candidate"]) == ("85%", "61.5%")
    assert (shown["difference"], shown["95% interval"]) == ("-23.5 points", "-40 to -7 points")


@pytest.mark.parametrize(
    ("measure", "values", "expected"),
    [
        ("latency", (2.7, 2.218, -0.482), ("2.70 s", "2.22 s", "-0.48 s")),
        ("latency", (0.7, 0.218, -0.482), ("700 ms", "218 ms", "-482 ms")),
        ("latency", (185.2, 7190.0, 7004.8), ("185 s", "7,190 s", "+7,005 s")),
        ("cost", (0.0012, 0.0031, 0.0019), ("$0.00120", "$0.00310", "+$0.00190")),
        ("cost", (0.00031, 0.000214, -0.000096), ("$0.000310", "$0.000214", "-$0.000096")),
        ("tokens", (281.75, 2559.6, 2277.85), ("282", "2,560", "+2,278")),
        ("tokens", (281.6, 2559.4, 2277.8), ("281.6", "2,559.4", "+2,277.8")),
        ("tokens", (0.5, 0.25, -0.25), ("0.50", "0.25", "-0.25")),
        (None, (0.00041, 0.00052, 0.00011), ("0.00041", "0.00052", "+0.00011")),
        (None, (0.714, 0.776, 0.062), ("0.714", "0.776", "+0.062")),
        (None, (0.7149, 0.7151, 0.0002), ("0.715", "0.715", "0.000")),
        (None, (3.0, 3.0, 0.0), ("3.00", "3.00", "0.00")),
        (None, (1e18, 2e18, 1e18), ("1e+18", "2e+18", "+1e+18")),
    ],
)
def test_each_measure_has_its_unit(measure: str | None, values: tuple[float, ...], expected: tuple[str, ...]) -> None:
    """Small numbers keep their digits, and a difference its sign."""
    baseline, candidate, difference = values
    fields = {"measure": measure, "baseline": baseline, "candidate": candidate, "difference": difference}
    shown = cells(row(**fields, low=None, high=None))
    assert (shown["baseline"], shown["candidate"], shown["difference"]) == expected


@given(
    kind=st.sampled_from(["number", "boolean"]),
    measure=st.sampled_from([None, "latency", "tokens", "cost"]),
    baseline=st.floats(0, 1e6),
    candidate=st.floats(0, 1e6),
)
def test_the_shown_difference_is_that_of_the_shown_figures(
    kind: str, measure: str | None, baseline: float, candidate: float
) -> None:
    """In every unit, a reader who subtracts finds it."""
    assume(measure is None or kind == "number")
    if kind == "boolean":
        baseline, candidate = baseline / 1e6, candidate / 1e6
    fields = {"baseline": baseline, "candidate": candidate, "difference": candidate - baseline}
    shown = cells(row(kind=kind, measure=measure, **fields, low=None, high=None))
    before, after, difference = (
        Decimal(re.sub(r"[^\d.-]", "", shown[header])) for header in ("baseline", "candidate", "difference")
    )
    assert after - before == difference


def test_an_end_of_an_interval_is_not_zero_unless_it_is() -> None:
    """An interval that leaves out zero shows it."""
    assert cells(row(baseline=0.5, candidate=0.51, difference=0.01, low=0.003, high=0.02))["95% interval"] == (
        "+0.003 to +0.020"
    )
    assert cells(row(baseline=0.5, candidate=0.51, difference=0.01, low=0.0, high=0.02))["95% interval"] == (
        "0.00 to +0.02"
    )


def test_options_show_their_shares_and_the_largest_shifts() -> None:
    """Few options are shown with their shares, of many only those that shifted most; names are data."""
    options = [
        OptionRow(option=name, baseline_share=before, candidate_share=after, difference=after - before)
        for name, before, after in (("kind", 0.75, 0.25), ("no | such", 0.25, 0.5), ("curt", 0.0, 0.25))
    ]
    found = row(kind="select", options=options, baseline=None, candidate=None, difference=None, low=None, high=None)
    shown = cells(found)
    assert shown["baseline"] == 'kind 75%, "no \\| such" 25%'
    assert shown["candidate"] == '"no \\| such" 50%, kind 25%'
    assert shown["difference"] == 'kind -50 points, "no \\| such" +25 points'
    assert (shown["95% interval"], difference_word(found)) == ("", "")
    many = found.model_copy(update={"options": [*options, *options, *options]})
    assert (cells(many)["baseline"], cells(many)["candidate"]) == ("", "")


def test_without_a_direction_changes_are_only_counted() -> None:
    """Neither better nor worse is claimed."""
    assert cells(row(better=None, worse=None))["better/worse/same"] == "14 changed/186 same"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"verdict": "worse"}, "worse"),
        (
            {"verdict": "no significant difference", "p_value": 0.31, "pairs_needed": 1_276},
            "no significant difference at n=200 (detecting it needs about 1,300 pairs)",
        ),
        ({"verdict": "no significant difference", "p_value": 1.0}, "no significant difference at n=200"),
        ({"verdict": "no significant difference", "p_value": 1.0, "changed": 0}, "no difference"),
        (
            {"verdict": "no significant difference", "p_value": 0.017, "adjusted_p": 0.22, "pairs_needed": 201},
            "no significant difference after correction (uncorrected p=0.017)",
        ),
        (
            {"verdict": "too few pairs", "pairs": 3, "pairs_needed": 12},
            "too few pairs (detecting it needs about 12 pairs)",
        ),
        ({"verdict": "too few pairs", "pairs": 3}, "too few pairs"),
        ({"verdict": "negligible", "measure": "latency", "difference": 0.002}, "no verdict (under 10 ms)"),
    ],
)
def test_a_verdict_says_how_sure_it_is(fields: dict[str, Any], words: str) -> None:
    """Without significance the pairs are told, and how many would show the difference seen."""
    assert verdict_words(row(**fields)) == words
