"""Shifts between options against statsmodels and SciPy."""

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.statistics.mappings import pair_options

from evals_mcp.statistics.booleans import mcnemar
from evals_mcp.statistics.corrections import holm
from evals_mcp.statistics.options import (
    MOST_OPTIONS,
    Valences,
    compare_multi_selects,
    compare_selects,
    shift_test,
)
from evals_mcp.statistics.pairing import OptionPairs, Profile
from evals_mcp.statistics.results import PairedTest, Verdict

VALENCES: Valences = {"bad": "negative", "ok": None, "good": "positive"}


def from_table(table: list[list[int]]) -> OptionPairs:
    """Pairs of single choices: rows are the baseline's options o0, o1, ..., columns the candidate's."""
    profiles: dict[tuple[Profile, Profile], int] = {
        (((f"o{row}", 1.0),), ((f"o{column}", 1.0),)): count
        for row, counts in enumerate(table)
        for column, count in enumerate(counts)
        if count
    }
    total = sum(profiles.values())
    return OptionPairs(profiles=profiles, pairs=total, only_baseline=0, only_candidate=0, ignored=0, averaged=False)


def select(baseline: str, candidate: str) -> OptionPairs:
    """Pairs of single choices, one letter per datapoint."""
    names = {"b": "bad", "o": "ok", "g": "good"}
    before, after = ({str(i): [names[letter]] for i, letter in enumerate(side)} for side in (baseline, candidate))
    return pair_options(before, after)


positive_tables = st.integers(3, 6).flatmap(
    lambda size: st.lists(st.lists(st.integers(1, 30), min_size=size, max_size=size), min_size=size, max_size=size)
)


@settings(max_examples=50, deadline=None)
@given(positive_tables)
def test_the_test_agrees_with_statsmodels(table: list[list[int]]) -> None:
    """Stuart and Maxwell's p over three to six options is that of statsmodels."""
    from statsmodels.stats.contingency_tables import SquareTable

    expected = SquareTable(np.array(table, dtype=float), shift_zeros=False).homogeneity()
    result = shift_test(from_table(table))
    assert result.test is PairedTest.STUART_MAXWELL
    assert result.p_value == pytest.approx(expected.pvalue, abs=1e-9)


sparse_tables = st.integers(2, 5).flatmap(
    lambda size: st.lists(
        st.lists(st.sampled_from([0, 0, 0, 1, 7]), min_size=size, max_size=size), min_size=size, max_size=size
    )
)


@settings(max_examples=60, deadline=None)
@given(sparse_tables)
def test_empty_cells_and_singular_tables_agree_with_a_reduced_inverse(table: list[list[int]]) -> None:
    """Options that never shift drop out, and so do dependent ones: SciPy's p at the rank of the rest."""
    counts = np.array(table, dtype=float)
    moved = counts - np.diag(np.diag(counts))
    spread = np.diag(moved.sum(0) + moved.sum(1)) - moved - moved.T
    shift = moved.sum(0) - moved.sum(1)
    rank = int(np.linalg.matrix_rank(spread)) if spread.any() else 0
    result = shift_test(from_table(table))
    if rank == 0:
        assert (result.p_value, result.pairs_needed) == (1.0, None)
    elif rank > 1:
        expected = scipy.stats.chi2.sf(shift @ np.linalg.pinv(spread, rcond=1e-10) @ shift, rank)
        assert result.p_value == pytest.approx(expected, abs=1e-9)
    else:
        assert result.test is PairedTest.MCNEMAR


def test_two_options_are_mcnemar() -> None:
    """With two options, or a shift between two of several, the exact test is used."""
    assert shift_test(from_table([[5, 9], [2, 8]])).p_value == pytest.approx(mcnemar(9, 2))
    only_two = shift_test(from_table([[5, 9, 0], [2, 8, 0], [0, 0, 30]]))
    assert only_two == shift_test(from_table([[20, 9], [2, 23]]))


def test_pairs_needed_have_the_power() -> None:
    """With so many pairs the shift is found in about 80 %."""
    rates = np.array([[0.3, 0.06, 0.04], [0.02, 0.3, 0.03], [0.02, 0.03, 0.2]])
    seen = shift_test(from_table((rates * 100).round().astype(int).tolist()))
    assert seen.pairs_needed is not None
    draws = np.random.default_rng(0).multinomial(seen.pairs_needed, rates.ravel(), 600).reshape(-1, 3, 3)
    found = np.mean([shift_test(from_table(draw.tolist())).p_value <= 0.05 for draw in draws])
    assert 0.74 <= found <= 0.86


def test_the_shift_of_each_option_is_reported() -> None:
    """Counts and shares of both runs, declared options first and others by name."""
    pairs = pair_options({"a": ["good"], "b": ["good"], "c": ["weird"], "d": ["ok"]}, {k: ["good"] for k in "abcd"})
    shifts = compare_selects(pairs, VALENCES).options
    assert [(item.option, item.baseline, item.candidate) for item in shifts] == [
        ("bad", 0, 0),
        ("ok", 1, 0),
        ("good", 2, 4),
        ("weird", 1, 0),
    ]
    assert (shifts[2].baseline_share, shifts[2].candidate_share, shifts[2].difference) == (0.5, 1.0, 0.5)
    assert (shifts[0].valence, shifts[1].valence, shifts[3].valence) == ("negative", None, None)
    assert sum(item.difference for item in shifts) == 0


def test_a_move_to_better_options_is_better() -> None:
    """Valence gives the direction, and the counts of better and worse datapoints."""
    result = compare_selects(select("b" * 12 + "o" * 6 + "g" * 10, "g" * 12 + "o" * 6 + "g" * 9 + "b"), VALENCES)
    assert (result.verdict, result.better, result.worse, result.same) == (Verdict.BETTER, 12, 1, 15)
    mirrored = compare_selects(select("g" * 12 + "o" * 6 + "g" * 9 + "b", "b" * 12 + "o" * 6 + "g" * 10), VALENCES)
    assert (mirrored.verdict, mirrored.better, mirrored.p_value) == (Verdict.WORSE, 1, result.p_value)


def test_a_shift_without_valence_has_no_direction() -> None:
    """Significant but neither better nor worse: different."""
    pairs = select("b" * 20 + "g" * 5, "g" * 25)
    for valences in ({}, {"bad": None, "good": None}, {"bad": "positive", "good": "positive"}):
        result = compare_selects(pairs, valences)
        assert (result.verdict, result.better, result.changed) == (Verdict.DIFFERENT, None, 20)


def test_a_shift_that_is_as_often_better_as_worse_is_different() -> None:
    """All moved to the middle: the shift is real, the direction is not."""
    result = compare_selects(select("b" * 15 + "g" * 15, "o" * 30), VALENCES)
    assert (result.verdict, result.better, result.worse) == (Verdict.DIFFERENT, 15, 15)


def test_repeats_enter_as_shares() -> None:
    """A datapoint counts once: two logs that do not agree are half an option each."""
    baseline = {str(i): ["bad", "good"] for i in range(30)}
    candidate = {str(i): ["good", "good"] for i in range(30)}
    result = compare_selects(pair_options(baseline, candidate), VALENCES)
    assert (result.pairs, result.averaged, result.better) == (30, True, 30)
    assert [(item.baseline, item.candidate) for item in result.options] == [(15, 0), (0, 0), (15, 30)]
    assert result.p_value == pytest.approx(2.0**-29, rel=1e-9)


def test_shares_of_repeats_use_the_sign_flip_test() -> None:
    """Two options in uneven shares leave one degree of freedom, which the exact or drawn flips test."""
    chance = np.random.default_rng(1)
    before, after = ({str(i): chance.choice(["bad", "good"], 3).tolist() for i in range(40)} for _ in range(2))
    assert compare_selects(pair_options(before, after), VALENCES).test is PairedTest.SIGN_FLIP


def test_very_many_options_are_taken_together() -> None:
    """A select with hundreds of values stays small: the rarest are one option for the test."""
    chance = np.random.default_rng(0)
    before, after = ({str(i): [f"o{chance.integers(500)}"] for i in range(3000)} for _ in range(2))
    result = shift_test(pair_options(before, after))
    assert result.test is PairedTest.STUART_MAXWELL
    assert 0.0 < result.p_value < 1.0
    assert MOST_OPTIONS < 500


def test_several_options_are_tested_one_by_one() -> None:
    """Each option has McNemar's p and Holm's adjusted one; the whole has the smallest."""
    chance = np.random.default_rng(0)
    rates = {"a": (0.5, 0.9), "b": (0.3, 0.3), "c": (0.1, 0.2)}
    sides = [
        {str(i): [[name for name in rates if chance.random() < rates[name][side]]] for i in range(60)}
        for side in (0, 1)
    ]
    result = compare_multi_selects(
        pair_options(sides[0], sides[1], "multi_select"), {"a": "positive", "b": None, "c": "negative"}
    )
    expected = []
    for name in rates:
        gained = sum(name in sides[1][key][0] and name not in sides[0][key][0] for key in sides[0])
        lost = sum(name not in sides[1][key][0] and name in sides[0][key][0] for key in sides[0])
        expected.append(mcnemar(gained, lost))
    assert [item.p_value for item in result.options] == pytest.approx(expected)
    assert [item.adjusted_p for item in result.options] == holm(expected)
    assert (result.p_value, result.test) == (min(p for p in holm(expected) if p is not None), PairedTest.PER_OPTION)
    assert result.changed + result.same == 60


def test_sets_of_options_gain_by_valence() -> None:
    """A datapoint is better when the good options in it gain on the bad ones."""
    baseline = {str(i): [["bad"]] for i in range(10)}
    candidate: dict[str, list[list[str]]] = {str(i): [[]] for i in range(10)}
    result = compare_multi_selects(pair_options(baseline, candidate, "multi_select"), VALENCES)
    assert (result.verdict, result.better, result.worse) == (Verdict.BETTER, 10, 0)


def test_sets_without_any_option_are_the_same() -> None:
    """Judgments that choose nothing on both sides are pairs without options."""
    nothing: dict[str, list[list[str]]] = {str(i): [[]] for i in range(10)}
    result = compare_multi_selects(pair_options(nothing, nothing, "multi_select"), {})
    assert (result.verdict, result.pairs, result.same) == (Verdict.NO_SIGNIFICANT_DIFFERENCE, 10, 10)


words = st.lists(st.tuples(st.sampled_from("bog"), st.sampled_from("bog")), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(words)
def test_swapping_negates_the_shifts(rows: list[tuple[str, str]]) -> None:
    """Swapped runs have the same p, mirrored shifts and counts; the order of datapoints changes nothing."""
    baseline, candidate = ("".join(letters) for letters in zip(*rows, strict=True))
    result, swapped = (
        compare_selects(select(*sides), VALENCES) for sides in ((baseline, candidate), (candidate, baseline))
    )
    assert [item.difference for item in swapped.options] == [-item.difference for item in result.options]
    assert (swapped.better, swapped.worse, swapped.same) == (result.worse, result.better, result.same)
    assert result.changed + result.same == result.pairs
    reordered = compare_selects(select(baseline[::-1], candidate[::-1]), VALENCES)
    for other in (swapped, reordered):
        if result.p_value is None:
            assert other.p_value is None
        else:
            assert other.p_value == pytest.approx(result.p_value, abs=1e-9)
