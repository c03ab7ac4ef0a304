"""How a verdict follows from pairs, p and direction."""

import pytest

from evals_mcp.statistics.results import MIN_PAIRS, Comparison, PairedTest, Verdict, decide


def compared(pairs: int, p_value: float, direction: int = 1) -> Comparison:
    """A decided comparison with these figures."""
    return decide(
        Comparison(
            kind="number",
            pairs=pairs,
            p_value=p_value,
            test=PairedTest.SIGN_FLIP,
            direction=direction,
            pairs_needed=10,
        )
    )


@pytest.mark.parametrize(("direction", "verdict"), [(1, Verdict.BETTER), (-1, Verdict.WORSE), (0, Verdict.DIFFERENT)])
def test_a_significant_difference_has_the_direction_it_points_to(direction: int, verdict: Verdict) -> None:
    """P of exactly 0.05 is significant, and keeps the pairs needed as they are."""
    result = compared(50, 0.05, direction)
    assert (result.verdict, result.pairs_needed) == (verdict, 10)


def test_without_significance_more_pairs_are_needed() -> None:
    """Whatever the formula says, it is more than there are."""
    result = compared(50, 0.0501)
    assert (result.verdict, result.pairs_needed) == (Verdict.NO_SIGNIFICANT_DIFFERENCE, 51)


def test_too_few_pairs_give_no_evidence() -> None:
    """Below the least number of pairs at which p can be 0.05 there is neither p nor test nor direction."""
    assert 2 / 2**MIN_PAIRS <= 0.05 < 2 / 2 ** (MIN_PAIRS - 1)
    result = compared(MIN_PAIRS - 1, 0.01)
    assert (result.verdict, result.p_value, result.test, result.direction) == (Verdict.TOO_FEW_PAIRS, None, None, 0)
    assert result.pairs_needed == 10


def test_no_pairs_are_nothing_to_compare() -> None:
    """Zero pairs have no verdict about the runs."""
    assert decide(Comparison(kind="number")).verdict is Verdict.NOTHING_TO_COMPARE


def test_deciding_twice_changes_nothing() -> None:
    """A decided comparison stays as it is."""
    for result in (compared(50, 0.01), compared(50, 0.5), compared(3, 0.5)):
        assert decide(result) == result
