"""Compare a candidate with a baseline in each group of datapoints, corrected over the groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evals_mcp.models.groups import LEAST_PAIRS, GroupedComparison, GroupRow, GroupTable
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import RunColumns
from evals_mcp.statistics.corrections import correct_changing
from evals_mcp.statistics.groups import Groups, pool_groups
from evals_mcp.statistics.results import Comparison
from evals_mcp.statistics.run_comparisons import compare_evaluator, comparison_row

if TYPE_CHECKING:
    from numpy.typing import NDArray


def compare_groups(
    evaluators: Sequence[EvaluatorRow],
    baseline: RunColumns,
    candidates: Mapping[str, RunColumns],
    keys: NDArray[Any],
    groups: Groups,
) -> GroupedComparison:
    """A table for each candidate (by run id) and evaluator. `groups` are those of the datapoints with these `keys`."""
    pairs = [
        (run_id, row, _one(baseline, row), _one(candidate, row))
        for run_id, candidate in candidates.items()
        for row in evaluators
    ]
    counted = [_pairs(keys, groups, *pair[1:]) for pair in pairs]
    amounts = [max((counts[index] for counts in counted), default=0) for index in range(len(groups.names))]
    pooled = pool_groups(groups, amounts, LEAST_PAIRS)
    return GroupedComparison(
        tables=[_table(run_id, row, left, right, keys, pooled) for run_id, row, left, right in pairs],
        unpaired_groups=sum(not amount for amount in amounts),
    )


def of_keys(keys: NDArray[Any], indexes: NDArray[Any], datapoints: NDArray[Any]) -> NDArray[Any]:
    """The groups of logs by the keys of their datapoints; -1 for others. `indexes` are the groups of `keys`."""
    import numpy as np

    most = max(int(keys.max(initial=-1)), int(datapoints.max(initial=-1)))
    table = np.full(most + 2, -1)  # index -1 is the last item
    table[keys] = indexes
    found: NDArray[Any] = table[datapoints]
    return found


def _one(run: RunColumns, row: EvaluatorRow) -> RunColumns:
    """A run with one evaluator only."""
    return replace(run, measures={}, judgments={row.version_id: run.judgments[row.version_id]})


def _pairs(
    keys: NDArray[Any], groups: Groups, row: EvaluatorRow, baseline: RunColumns, candidate: RunColumns
) -> list[int]:
    """The number of pairs in each group."""
    import numpy as np

    left, right = baseline.judged(row.version_id).keys, candidate.judged(row.version_id).keys
    found = of_keys(keys, groups.indexes, np.intersect1d(left, right))
    amounts: list[int] = np.bincount(found[found >= 0], minlength=len(groups.names)).tolist()
    return amounts


def _table(
    run_id: str,
    row: EvaluatorRow,
    baseline: RunColumns,
    candidate: RunColumns,
    keys: NDArray[Any],
    groups: Groups,
) -> GroupTable:
    sides = [(run, of_keys(keys, groups.indexes, run.datapoints)) for run in (baseline, candidate)]
    found: list[Comparison] = [
        compare_evaluator(row, *(run.only(of_logs == index) for run, of_logs in sides))
        for index in range(len(groups.names))
    ]
    whole = compare_evaluator(row, baseline, candidate)
    return GroupTable(
        run_id=run_id,
        whole=comparison_row(whole, evaluator_version_id=row.version_id),
        groups=[
            GroupRow(name=name, comparison=comparison_row(comparison, evaluator_version_id=row.version_id))
            for name, comparison in zip(groups.names, correct_changing(found), strict=True)
        ],
    )
