"""Holm's correction of p-values over a family of comparisons. No tests."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from evals_mcp.statistics.results import Comparison, decide


def holm(p_values: Iterable[float | None]) -> list[float | None]:
    """Adjust a family of p-values (Holm 1979), in order. None stays None and does not count as a member."""
    given = list(p_values)
    ranked = sorted((p_value, position) for position, p_value in enumerate(given) if p_value is not None)
    adjusted: list[float | None] = [None] * len(given)
    largest = 0.0
    for rank, (p_value, position) in enumerate(ranked):
        largest = max(largest, min(1.0, (len(ranked) - rank) * p_value))
        adjusted[position] = largest
    return adjusted


def correct(family: Sequence[Comparison]) -> list[Comparison]:
    """Set adjusted p-values and verdicts. The intervals stay uncorrected 95 % intervals.

    So an interval may exclude zero although the verdict, which covers the whole family, finds no difference.
    """
    adjusted = holm(comparison.p_value for comparison in family)
    return [
        decide(replace(comparison, adjusted_p=p_value)) for comparison, p_value in zip(family, adjusted, strict=True)
    ]


def correct_changing(family: Sequence[Comparison]) -> list[Comparison]:
    """Correct over the comparisons with changes. Others can never be significant (Tarone 1990)."""
    changing = iter(correct([comparison for comparison in family if comparison.changed]))
    return [next(changing) if comparison.changed else comparison for comparison in family]
