"""Which differences by judges people's labels correct, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evals_mcp.models.agreement import Estimate
from evals_mcp.models.comparisons import ComparedCandidate, ComparisonRow, CorrectedDifference
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import RunColumns
from evals_mcp.statistics.corrected_differences import (
    JudgeSlopes,
    LabelledPairs,
    difference_by_errors,
    difference_by_labels,
    judge_slopes,
)
from evals_mcp.statistics.judge_errors import LEAST_LABELS
from evals_mcp.statistics.pairing import pair_columns
from evals_mcp.statistics.results import MIN_PAIRS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NO_EXAMPLES: Mapping[str, NDArray[Any]] = {}

FAVOUR = 0.1
"""At or below this p, a judge is taken to favour one of the runs."""


def correct_differences(
    judges: Sequence[EvaluatorRow],
    people: Sequence[EvaluatorRow],
    baseline_run_id: str,
    candidates: Sequence[ComparedCandidate],
    columns: Mapping[str, RunColumns],
    examples: Mapping[str, NDArray[Any]] = _NO_EXAMPLES,
) -> list[CorrectedDifference]:
    """The corrected differences of candidates, at most one for each judge. `columns` are of all these runs, by id.

    `examples` are the keys of the datapoints that a judge's prompt shows, by version: labels of these do not count.

    The labels of an evaluator correct the one of all `judges` that follows them most surely, if the candidate is
    compared by it. If there are several judges, it has to follow them at all: others ask something else.
    """
    found: list[CorrectedDifference] = []
    for candidate in candidates:
        corrected: dict[str, CorrectedDifference] = {}
        for human in people:
            row = _surest(judges, human, columns[baseline_run_id], candidate, columns[candidate.run_id], examples)
            if row is not None and _labels(row) > _labels(corrected.get(row.evaluator_version_id)):
                corrected[row.evaluator_version_id] = row
        found += corrected.values()
    return found


def are_same_question(judge: EvaluatorRow, human: EvaluatorRow) -> bool:
    """Whether people's labels may say how a judge errs: both give true or false, with the same direction.

    Code does not err, so it asks something else than people.
    """
    kinds, is_judge = {judge.return_type, human.return_type}, judge.evaluator_type not in ("human", "python")
    return is_judge and kinds == {"boolean"} and judge.valence == human.valence != "neutral"


def _labels(row: CorrectedDifference | None) -> int:
    return 0 if row is None else row.baseline_labels + row.candidate_labels


def _surest(
    judges: Sequence[EvaluatorRow],
    human: EvaluatorRow,
    baseline: RunColumns,
    candidate: ComparedCandidate,
    columns: RunColumns,
    examples: Mapping[str, NDArray[Any]],
) -> CorrectedDifference | None:
    followed = []
    for judge in (row for row in judges if are_same_question(row, human)):
        pairs, shown = _labelled_pairs(judge, human, baseline, columns, examples.get(judge.version_id))
        labels = [_count(side) for side in pairs.labels]
        if len(pairs.judged[0]) >= MIN_PAIRS and sum(labels) >= LEAST_LABELS:
            slopes = judge_slopes(pairs)
            followed.append((0.0 if slopes is None else slopes.surety, judge, pairs, slopes, shown))
    if not followed:
        return None
    surety, judge, pairs, slopes, shown = max(followed, key=lambda item: item[0])
    row = next((row for row in candidate.comparisons if row.evaluator_version_id == judge.version_id), None)
    if row is None or (surety < 1 and len(followed) > 1):
        return None
    return _corrected(row, human, candidate.run_id, pairs, slopes).model_copy(update={"examples": shown})


def _corrected(
    row: ComparisonRow,
    human: EvaluatorRow,
    run_id: str,
    pairs: LabelledPairs,
    slopes: JudgeSlopes | None,
) -> CorrectedDifference:
    """The narrower estimate, if the judge follows labels; that by errors only if it favours no run. `row` is by it."""
    labels = [_count(side) for side in pairs.labels]
    follows = slopes is not None and slopes.surety >= 1
    by_labels = difference_by_labels(pairs) if follows and min(labels) >= LEAST_LABELS else None
    by_errors = None
    if slopes is not None and slopes.favour_p > FAVOUR and row.difference is not None:
        by_errors = difference_by_errors(Estimate(value=row.difference, low=row.low, high=row.high), slopes)
    estimate, label_error = by_errors, 0.0
    if by_labels is not None and (by_errors is None or width(by_labels.estimate) < width(by_errors)):
        estimate, label_error = by_labels
    is_favoured = slopes is not None and slopes.favour_p <= FAVOUR
    return CorrectedDifference(
        run_id=run_id,
        evaluator_version_id=row.evaluator_version_id or "",
        human_version_id=human.version_id,
        method="labels" if label_error else "errors",
        baseline_labels=labels[0],
        candidate_labels=labels[1],
        difference=None if estimate is None else estimate.value,
        low=None if estimate is None else estimate.low,
        high=None if estimate is None else estimate.high,
        label_error=label_error or None,
        favour=slopes.favour if slopes is not None and is_favoured else None,
        favour_p=slopes.favour_p if slopes is not None and is_favoured else None,
    )


def width(estimate: Estimate) -> float:
    """The width of an interval."""
    return (estimate.high or 0.0) - (estimate.low or 0.0)


def _labelled_pairs(
    judge: EvaluatorRow,
    human: EvaluatorRow,
    baseline: RunColumns,
    candidate: RunColumns,
    examples: NDArray[Any] | None,
) -> tuple[LabelledPairs, int]:
    """The datapoints that a judge judged in both runs, with people's labels, and how many labels are of examples."""
    import numpy as np

    sides = [run.judged(judge.version_id) for run in (baseline, candidate)]
    pairs = pair_columns(sides[0].keys, sides[0].numbers, sides[1].keys, sides[1].numbers)
    keys = np.array(pairs.keys, dtype=np.int64)
    labels = [_labels_of(run.judged(human.version_id), keys) for run in (baseline, candidate)]
    given = sum(map(_count, labels))
    if examples is not None:
        for side in labels:
            side[np.isin(keys, examples)] = np.nan
    return LabelledPairs((pairs.baseline, pairs.candidate), (labels[0], labels[1])), given - sum(map(_count, labels))


def _labels_of(judged: Any, keys: NDArray[Any]) -> NDArray[Any]:
    """People's label of each of these datapoints, in increasing order: the mean over its logs, or NaN."""
    import numpy as np

    labels = np.full(len(keys), np.nan)
    if not len(judged.keys) or not len(keys):
        return labels
    found = pair_columns(judged.keys, judged.numbers, keys, np.zeros(len(keys)))
    labels[np.searchsorted(keys, np.array(found.keys, dtype=np.int64))] = found.baseline
    return labels


def _count(labels: NDArray[Any]) -> int:
    import numpy as np

    return int((~np.isnan(labels)).sum())
