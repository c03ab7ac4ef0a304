"""Group failing logs by their texts: patterns of weighted terms, and the runs that have more of a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.statistics.corrections import holm
from evals_mcp.statistics.distributions import hypergeometric_tail
from evals_mcp.statistics.factors import factorize, patterns_beyond_chance, weights_of
from evals_mcp.statistics.term_weights import Vocabulary, learn_vocabulary
from evals_mcp.statistics.words import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_GROUPS = 8
LEAST_LOGS = 3
"""Smaller groups are left out."""

WEIGHTS = (1.0, 0.5)
"""What explanations weigh, and what inputs weigh beside them."""

_LEARNED = 1_500  # texts that patterns are learned from, evenly spaced
_TOGETHER = 2_000
_LEAST_LIKENESS = 0.1
_TERMS = 8


class TextGroups(NamedTuple):
    """The group of each text, -1 for none, and how typical it is of it (0 to 1); the terms of each group.

    The largest group comes first.
    """

    groups: NDArray[Any]
    likeness: NDArray[Any]
    terms: list[list[str]]


def group_texts(parts: Sequence[Sequence[str]]) -> TextGroups:
    """Group texts, given in parts that weigh as `WEIGHTS`, by the pattern that is most of each."""
    import numpy as np

    amount = len(parts[0])
    split = [[words(text) for text in part] for part in parts]
    learned = np.unique(np.linspace(0, amount - 1, min(amount, _LEARNED)).astype(int)).tolist()
    chosen = [[part[index] for index in learned] for part in split]
    vocabulary = learn_vocabulary(chosen)
    rows = vocabulary.rows(chosen, WEIGHTS)
    most = min(MOST_GROUPS, amount // (2 * LEAST_LOGS))
    patterns = factorize(rows, patterns_beyond_chance(rows, most)).patterns if rows.size else rows[:0]
    groups, likeness = np.full(amount, -1), np.zeros(amount)
    for start in range(0, amount if len(patterns) else 0, _TOGETHER):
        part = slice(start, start + _TOGETHER)
        of_part = vocabulary.rows([part_of[part] for part_of in split], WEIGHTS)
        best = weights_of(of_part, patterns).argmax(axis=1)
        likeness[part] = np.einsum("ij,ij->i", of_part, patterns[best])
        groups[part] = np.where(likeness[part] >= _LEAST_LIKENESS, best, -1)
    sizes = np.bincount(groups[groups >= 0], minlength=len(patterns))
    order = [index for index in np.argsort(-sizes, kind="stable").tolist() if sizes[index] >= LEAST_LOGS]
    renamed = np.full(len(patterns) + 1, -1)
    renamed[order] = np.arange(len(order))
    return TextGroups(renamed[groups], likeness, [_terms(patterns, index, vocabulary) for index in order])


def over_representation(counts: Sequence[Sequence[int]], totals: Sequence[int]) -> list[list[float | None]]:
    """P of each group (a row) and run (a column): Fisher's exact test, one-sided, Holm-adjusted over all of them.

    `counts` are the logs in the group, `totals` all failing logs of each run. None with a single run that fails.
    """
    if sum(map(bool, totals)) < 2:
        return [[None] * len(totals) for _ in counts]
    every = sum(totals)
    p_values = [
        hypergeometric_tail(count, every, sum(row), total)
        for row in counts
        for count, total in zip(row, totals, strict=True)
    ]
    adjusted = holm(p_values)
    return [adjusted[start : start + len(totals)] for start in range(0, len(adjusted), len(totals))]


def _terms(patterns: NDArray[Any], index: int, vocabulary: Vocabulary) -> list[str]:
    """The terms that are more of a pattern than of the others, and not in all texts."""
    import numpy as np

    others = np.delete(patterns, index, axis=0)
    telling = (patterns[index] - (others.mean(axis=0) if len(others) else 0)) * vocabulary.idf
    best = [vocabulary.terms[at] for at in np.argsort(-telling, kind="stable").tolist() if telling[at] > 0]
    return [term for term in best if len(term) > 2 or not term.isdecimal()][:_TERMS]
