"""Rank runs by one evaluator, with a paired test for each pair of runs. No names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.models.agreement import Estimate
from evals_mcp.models.rankings import RankedPair, RankedRun, Ranking
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.booleans import compare_booleans
from evals_mcp.statistics.clustered import datapoint_mean, rate_estimate
from evals_mcp.statistics.columns import JudgmentColumn, RunColumns
from evals_mcp.statistics.corrections import correct_changing
from evals_mcp.statistics.log_values import log_values, usable_numbers
from evals_mcp.statistics.numbers import compare_numbers
from evals_mcp.statistics.pairing import pair_columns
from evals_mcp.statistics.results import Comparison, Verdict
from evals_mcp.statistics.run_comparisons import comparison_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_RUNS = 24
"""The most runs that are ranked: those with the best means."""


class RankRange(NamedTuple):
    """The best and worst rank that an item can have."""

    best: int
    worst: int


class _Judged(NamedTuple):
    """A run's logs with a datapoint and a value."""

    run_id: str
    keys: NDArray[Any]
    values: NDArray[Any]
    mean: Estimate
    datapoints: int


class _Scale(NamedTuple):
    """What runs are ranked by: judgments or what passes, a rate or numbers, and their direction."""

    passes: bool
    is_rate: bool
    valence: str


def rank_runs(evaluator: EvaluatorRow, runs: Mapping[str, RunColumns]) -> Ranking | None:
    """Rank runs by the evaluator's judgments; by what passes, if they have no order but that has.

    None if neither has, and for texts.
    """
    scale = _scale(evaluator, [run.judgments[evaluator.version_id] for run in runs.values()])
    if scale is None:
        return None
    found = [_judged(evaluator, scale, run_id, run) for run_id, run in runs.items()]
    sign = 1 if scale.valence == "negative" else -1
    judged = sorted((item for item in found if item is not None), key=lambda item: sign * item.mean.value)
    ranked, omitted = judged[:MOST_RUNS], judged[MOST_RUNS:]
    indexes = list(combinations(range(len(ranked)), 2))
    compared = correct_changing([_compare(scale, ranked[first], ranked[second]) for first, second in indexes])
    won = [
        pair if won_by_first else pair[::-1]
        for pair, comparison in zip(indexes, compared, strict=True)
        if (won_by_first := _first_wins(comparison)) is not None
    ]
    ranges = rank_ranges(len(ranked), won)
    return Ranking(
        evaluator_version_id=evaluator.version_id,
        passes=scale.passes,
        is_rate=scale.is_rate,
        runs=[
            RankedRun(
                run_id=item.run_id,
                datapoints=item.datapoints,
                mean=item.mean,
                **ranges[index]._asdict(),
                better_than=[loser for winner, loser in won if winner == index],
            )
            for index, item in enumerate(ranked)
        ],
        pairs=[
            RankedPair(
                first=first,
                second=second,
                comparison=comparison_row(
                    comparison, evaluator_version_id=evaluator.version_id, passes=scale.passes, measure=None
                ),
            )
            for (first, second), comparison in zip(indexes, compared, strict=True)
        ],
        tested=sum(comparison.adjusted_p is not None for comparison in compared),
        shared=_shared(ranked),
        unjudged=[run_id for run_id, item in zip(runs, found, strict=True) if item is None],
        omitted=[item.run_id for item in omitted],
    )


def rank_ranges(amount: int, won: Iterable[tuple[int, int]]) -> list[RankRange]:
    """The ranks that items can have, from the significant differences (the better, the worse).

    As in rankings of institutions by pairwise tests with Holm's correction: Mogstad, Romano, Shaikh and Wilhelm 2024,
    Review of Economic Studies 91:476.
    """
    better, worse = [0] * amount, [0] * amount
    for winner, loser in won:
        better[loser] += 1
        worse[winner] += 1
    return [RankRange(1 + better[index], amount - worse[index]) for index in range(amount)]


def _scale(evaluator: EvaluatorRow, columns: Sequence[JudgmentColumn]) -> _Scale | None:
    has_passes = any(item.judgments == "passes" for column in columns for item in log_values(evaluator, column))
    match evaluator.return_type:
        case "boolean" if not evaluator.neutral:
            return _Scale(passes=False, is_rate=True, valence=evaluator.valence)
        case "number" if not evaluator.neutral and not (has_passes and not evaluator.is_directed):
            return _Scale(passes=False, is_rate=False, valence=evaluator.valence)
    return _Scale(passes=True, is_rate=True, valence="positive") if has_passes else None


def _judged(evaluator: EvaluatorRow, scale: _Scale, run_id: str, run: RunColumns) -> _Judged | None:
    """A run's values and mean; None without any."""
    import numpy as np

    column = run.judgments[evaluator.version_id]
    values = usable_numbers(column)
    if scale.passes:
        passing = (item.values for item in log_values(evaluator, column) if item.judgments == "passes")
        values = next(passing, np.full(len(run.datapoints), np.nan))
    known = ~np.isnan(values) & (run.datapoints >= 0)
    keys, values = run.datapoints[known], values[known]
    if not len(keys):
        return None
    _, index, counts = np.unique(keys, return_inverse=True, return_counts=True)
    means = np.bincount(index, weights=values) / counts
    mean = rate_estimate(means, np.ones(len(means)), np.arange(len(means))) if scale.is_rate else datapoint_mean(means)
    return _Judged(run_id, keys, values, mean, len(means))


def _compare(scale: _Scale, first: _Judged, second: _Judged) -> Comparison:
    pairs = pair_columns(second.keys, second.values, first.keys, first.values)
    return (compare_booleans if scale.is_rate else compare_numbers)(pairs, scale.valence)


def _first_wins(comparison: Comparison) -> bool | None:
    """Whether the first (the candidate) is significantly better, or higher without a direction; None if neither is."""
    match comparison.verdict:
        case Verdict.BETTER | Verdict.WORSE:
            return comparison.verdict == Verdict.BETTER
        case Verdict.DIFFERENT if comparison.difference:
            return comparison.difference > 0
    return None


def _shared(ranked: Sequence[_Judged]) -> int:
    """The datapoints judged in all runs."""
    common: set[int] | None = None
    for item in ranked:
        keys = set(item.keys.tolist())
        common = keys if common is None else common & keys
    return len(common or ())
