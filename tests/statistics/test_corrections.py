"""Holm's correction against statsmodels."""

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals_mcp.statistics.corrections import correct, holm
from evals_mcp.statistics.results import Comparison, Verdict, decide


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_agrees_with_statsmodels(p_values: list[float]) -> None:
    """Adjusted values, also with ties, are those of multipletests."""
    from statsmodels.stats.multitest import multipletests

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(gc, "collect", int)  # it looks through all objects of the process at each call
        expected = multipletests(p_values, method="holm")[1].tolist()
    assert holm(p_values) == pytest.approx(expected, abs=1e-9)


def test_what_has_no_p_value_is_no_member_of_the_family() -> None:
    """None passes through in its place and does not make the others pay."""
    assert holm([None, 0.04, None, 0.01]) == [None, 0.04, None, 0.02]
    assert holm([]) == []


def test_a_verdict_follows_the_adjusted_value() -> None:
    """Significant alone, but not in its family: the verdict changes and more pairs are asked for."""
    alone = decide(Comparison(kind="number", pairs=50, p_value=0.04, direction=1, pairs_needed=48))
    other = decide(Comparison(kind="number", pairs=50, p_value=0.001, direction=-1, pairs_needed=20))
    few = decide(Comparison(kind="number", pairs=3, p_value=0.04, direction=1))
    assert [item.verdict for item in (alone, other, few)] == [
        Verdict.BETTER,
        Verdict.WORSE,
        Verdict.TOO_FEW_PAIRS,
    ]
    third = decide(Comparison(kind="number", pairs=50, p_value=0.5))
    corrected = correct([alone, other, few, third])
    assert [item.adjusted_p for item in corrected] == [pytest.approx(0.08), pytest.approx(0.003), None, 0.5]
    assert [item.verdict for item in corrected] == [
        Verdict.NO_SIGNIFICANT_DIFFERENCE,
        Verdict.WORSE,
        Verdict.TOO_FEW_PAIRS,
        Verdict.NO_SIGNIFICANT_DIFFERENCE,
    ]
    assert corrected[0].pairs_needed == 51


def test_what_can_not_be_compared_stays_so_in_a_family() -> None:
    """Text and runs without a common datapoint keep their verdict and take no part."""
    text = Comparison(kind="text", verdict=Verdict.NOT_COMPARABLE)
    apart = Comparison(kind="number", only_baseline=3)
    assert correct([text, apart]) == [text, apart]


def test_a_family_of_one_keeps_its_p_value() -> None:
    """There is nothing to correct, and it says so by the same number."""
    (only,) = correct([decide(Comparison(kind="number", pairs=50, p_value=0.04, direction=1))])
    assert (only.adjusted_p, only.verdict) == (0.04, Verdict.BETTER)
