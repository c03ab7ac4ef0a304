"""Judgments of identical outputs that differ between runs: there, the judging changed and not the system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evals_mcp.models.comparisons import IdenticalOutputs
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import LENGTH, RunColumns
from evals_mcp.statistics.corrections import correct_changing
from evals_mcp.statistics.run_comparisons import compare_evaluator

if TYPE_CHECKING:
    from numpy.typing import NDArray


def equally_long(baseline: RunColumns, candidate: RunColumns) -> NDArray[Any]:
    """The keys of the datapoints with logs in both runs, whose outputs are all equally long and without an error."""
    import numpy as np

    most = max(int(run.datapoints.max(initial=-1)) for run in (baseline, candidate)) + 1
    lowest, highest = np.full(most, np.inf), np.full(most, -np.inf)
    fit = np.ones(most, dtype=bool)
    for run in (baseline, candidate):
        paired, failed = run.datapoints >= 0, run.failed
        keys, lengths = run.datapoints[paired & ~failed], np.nan_to_num(run.measures[LENGTH][paired & ~failed])
        np.minimum.at(lowest, keys, lengths)
        np.maximum.at(highest, keys, lengths)
        fit &= np.bincount(keys, minlength=most) > 0
        fit[run.datapoints[paired & failed]] = False
    return np.flatnonzero(fit & (lowest == highest))


def compare_identical(
    evaluators: Sequence[EvaluatorRow],
    baseline: RunColumns,
    candidates: Mapping[str, RunColumns],
    identical: Mapping[str, NDArray[Any]],
) -> list[IdenticalOutputs]:
    """A row for each candidate and evaluator that judged identical outputs of both runs.

    `identical` has the keys of their datapoints, by candidate. P is Holm-adjusted over all rows with a change.
    """
    import numpy as np

    found = []
    for run_id, keys in identical.items():
        sides = [run.only(np.isin(run.datapoints, keys)) for run in (baseline, candidates[run_id])]
        found += [(run_id, row.version_id, compare_evaluator(row, *sides)) for row in evaluators]
    adjusted = correct_changing([comparison for *_, comparison in found])
    return [
        IdenticalOutputs(
            run_id=run_id,
            evaluator_version_id=version_id,
            pairs=comparison.pairs,
            changed=comparison.changed,
            higher=comparison.higher,
            lower=comparison.lower,
            difference=comparison.difference,
            adjusted_p=comparison.adjusted_p,
        )
        for (run_id, version_id, _), comparison in zip(found, adjusted, strict=True)
        if comparison.pairs
    ]
