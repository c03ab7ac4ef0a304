"""Groups of texts: words of any script, and planted groups found; tests/slow compares weights and factors."""

import random

import numpy as np
import pytest
import scipy

from evals_mcp.statistics.corrections import holm
from evals_mcp.statistics.distributions import hypergeometric_tail
from evals_mcp.statistics.factors import patterns_beyond_chance
from evals_mcp.statistics.failure_groups import group_texts, over_representation
from evals_mcp.statistics.words import words

_COMMON = [f"word{number}" for number in range(800)]
_OFTEN = [1 / (number + 1) for number in range(800)]


def planted(amount: int, shares: tuple[int, ...]) -> tuple[list[int], list[str], list[str]]:
    """The group of each text; texts with a fifth of the words of their group; inputs that tell nothing."""
    source = random.Random(4)
    truth = [source.choices(range(len(shares)), shares)[0] for _ in range(amount)]
    said = [
        " ".join([f"g{group}x{source.randrange(8)}" for _ in range(6)] + source.choices(_COMMON, _OFTEN, k=24))
        for group in truth
    ]
    return truth, said, [" ".join(source.choices(_COMMON, _OFTEN, k=20)) for _ in truth]


def test_words_of_any_script() -> None:
    """Blanks or none, marks of vowels, cases and forms that are equal, identifiers, and nothing of encoded data."""
    assert words("It's HTTP-500: snake_case, a b") == ["it", "http", "500", "snake_case"]
    assert words("Straße l’été ＡＢＣ हिन्दी में। שָׁלוֹם") == ["strasse", "été", "abc", "हिन्दी", "में", "שָׁלוֹם"]
    assert words("退款被拒 GPT的错 金") == ["退款", "款被", "被拒", "gpt", "的错", "金"]
    assert words("払い戻しABC คืน") == ["払い", "い戻", "戻し", "abc", "คื", "ืน"]
    assert words("x" * 41 + " é" + "y" * 50) == []


@pytest.mark.parametrize("shares", [(1,), (5, 3), (5, 4, 3, 2, 2)])
def test_planted_groups_are_found(shares: tuple[int, ...]) -> None:
    """As many as there are, the largest first, with their own words as terms; the same each time."""
    from sklearn.metrics import adjusted_rand_score

    truth, said, inputs = planted(600, shares)
    found = group_texts([said, inputs])
    assert len(found.terms) == len(shares)
    assert adjusted_rand_score(truth, found.groups) > 0.97 or len(shares) == 1
    if len(shares) > 1:
        assert [{term[:3] for term in terms[:5]} for terms in found.terms] == [
            {f"g{group}x"} for group in sorted(range(len(shares)), key=lambda group: -truth.count(group))
        ]
    again = group_texts([said, inputs])
    np.testing.assert_array_equal(found.groups, again.groups)
    assert found.terms == again.terms
    assert patterns_beyond_chance(np.ones((40, 1)), 8) == 1


def test_patterns_are_learned_from_some_and_found_in_all() -> None:
    """More texts than patterns are learned from."""
    from sklearn.metrics import adjusted_rand_score

    truth, said, inputs = planted(4_000, (5, 3, 1))
    assert adjusted_rand_score(truth, group_texts([said, inputs]).groups) > 0.97


@pytest.mark.parametrize("texts", [[""] * 12, ["all the same"] * 12, [f"only{number}" for number in range(12)]])
def test_texts_without_patterns(texts: list[str]) -> None:
    """Empty texts and those without a common word are in no group; equal ones in the same."""
    found = group_texts([texts, [""] * 12])
    assert len(found.terms) == (1 if texts[0] == texts[1] != "" else 0)
    assert set(found.groups.tolist()) == {0 if found.terms else -1}


@pytest.mark.parametrize(("population", "marked", "drawn"), [(1, 1, 1), (30, 7, 12), (30, 25, 28), (9_000, 800, 3_000)])
def test_hypergeometric_tail_is_scipys(population: int, marked: int, drawn: int) -> None:
    """Each possible count, and impossible ones."""
    for successes in {0, 1, marked // 3, marked // 2, min(marked, drawn), min(marked, drawn) + 1}:
        expected = scipy.stats.hypergeom.sf(successes - 1, population, marked, drawn)
        assert hypergeometric_tail(successes, population, marked, drawn) == pytest.approx(
            expected, rel=1e-9, abs=1e-300
        )


def test_over_representation_is_fishers_exact_test() -> None:
    """One-sided, corrected over groups and runs; nothing to compare with a single run that fails."""
    counts, totals = [[9, 1], [3, 11]], [14, 16]
    p_values = [
        scipy.stats.fisher_exact(
            [[count, sum(row) - count], [total - count, 30 - sum(row) - total + count]], alternative="greater"
        ).pvalue
        for row in counts
        for count, total in zip(row, totals, strict=True)
    ]
    found = over_representation(counts, totals)
    assert [p for row in found for p in row] == pytest.approx(holm(p_values), rel=1e-9)
    assert over_representation([[3, 0]], [5, 0]) == [[None, None]]
