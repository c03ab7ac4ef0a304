"""The figures of an evaluator over some logs of a run, from its columns: as `stats` tells them of all logs."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evals_mcp.models.figures import EvaluatorFigures, evaluator_figures
from evals_mcp.models.judgments import ABSTAINED, FAILED, JUDGED
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.aggregates import (
    JudgmentCounts,
    boolean_stats,
    multi_select_stats,
    number_stats,
    select_stats,
)
from evals_mcp.statistics.columns import JudgmentColumn, RunColumns
from evals_mcp.statistics.datapoint_figures import CountedJudgment, average_by_datapoint

if TYPE_CHECKING:
    from numpy.typing import NDArray


def column_figures(row: EvaluatorRow, run: RunColumns, *, shared: bool = False) -> EvaluatorFigures:
    """The figures of an evaluator in a run. `shared`: several authors judged a log, and count as one judgment of it."""
    import numpy as np

    column = run.judgments[row.version_id]
    judged = column.states == JUDGED
    counts = _counts(row, column, judged)
    datapoints = run.datapoints[judged]
    known = datapoints[datapoints >= 0]
    units = len(np.unique(known))
    if not shared and units == len(known):
        return evaluator_figures(counts)
    units += len(datapoints) - len(known)
    passes = None if column.passes is None else _average(datapoints, column.passes[judged])
    if row.return_type in ("boolean", "number"):
        average = _average(datapoints, column.numbers[judged])
        return evaluator_figures(counts, by_datapoint=average, units=units, passed_by_datapoint=passes)
    if row.return_type == "text":
        return evaluator_figures(counts)
    shares = _shares(column, datapoints, column.labels[judged], units)
    return evaluator_figures(counts, shares=shares, units=units, passed_by_datapoint=passes)


def _counts(row: EvaluatorRow, column: JudgmentColumn, judged: NDArray[Any]) -> JudgmentCounts:
    nulls, errors = (int((column.states == state).sum()) for state in (ABSTAINED, FAILED))
    numbers = column.numbers[judged].tolist()
    empty: list[Any] = [None] * nulls
    match row.return_type:
        case "boolean":
            found: JudgmentCounts = boolean_stats([*empty, *(number >= 0.5 for number in numbers)], errors)
        case "number":
            found = number_stats([*empty, *numbers], errors)
        case "select" | "multi_select":
            chosen = [[option for option, _ in column.options[label]] for label in column.labels[judged].tolist()]
            if row.return_type == "select":
                found = select_stats([*empty, *(options[0] for options in chosen)], errors, row.options)
            else:
                found = multi_select_stats([*empty, *chosen], errors, row.options)
        case _:
            amount = int(judged.sum())
            found = JudgmentCounts(
                total_logs=amount + nulls + errors, num_judgments=amount, num_nulls=nulls, num_errors=errors
            )
    if column.passes is None:
        return found
    passed = [passes for passes in column.passes[judged].tolist() if not math.isnan(passes)]
    amounts = sum(item >= 0.5 for item in passed), sum(item < 0.5 for item in passed)
    return replace(found, num_passed=amounts[0], num_not_passed=amounts[1]) if any(amounts) else found


def _average(datapoints: NDArray[Any], values: NDArray[Any]) -> float | None:
    pairs = zip(datapoints.tolist(), values.tolist(), strict=True)
    return average_by_datapoint(
        CountedJudgment(None if key < 0 else str(key), value, 1.0) for key, value in pairs if not math.isnan(value)
    )


def _shares(column: JudgmentColumn, datapoints: NDArray[Any], labels: NDArray[Any], units: int) -> dict[str, float]:
    """How often each option was selected: the mean over datapoints of its share of their logs."""
    logs: dict[int, list[int]] = defaultdict(list)
    for index, (key, label) in enumerate(zip(datapoints.tolist(), labels.tolist(), strict=True)):
        logs[key if key >= 0 else -1 - index].append(label)
    shares: dict[str, list[float]] = defaultdict(list)
    for found in logs.values():
        for option, share in _profiles(column, found):
            shares[option].append(share / len(found))
    return {option: math.fsum(parts) / units for option, parts in sorted(shares.items())}


def _profiles(column: JudgmentColumn, labels: Iterable[int]) -> Iterable[tuple[str, float]]:
    return (item for label in labels for item in column.options[label])
