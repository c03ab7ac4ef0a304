"""Find the next free log for each reason. Reads no texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.models.field_rows import FieldRow
from evals_mcp.models.review_queue import ReviewDetail, ReviewReason, ReviewSlice
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import RunColumns
from evals_mcp.statistics.datapoint_changes import DatapointChange, Ranking, rank_datapoints
from evals_mcp.statistics.review_order import (
    JudgePair,
    WorstSlice,
    agreements,
    disagreements,
    first_even,
    judge_pairs,
    worst_slice,
)
from evals_mcp.store.questions.field_columns import FieldColumns
from evals_mcp.store.questions.fields import dataset_versions, read_fields
from evals_mcp.store.review_queue.leases import HandOut
from evals_mcp.store.review_queue.runs import ReviewedRun, ReviewedRuns

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_VALUES = 20  # of a field; one with more makes no slices
_MOST_FIELDS = 20


class _Doubted(NamedTuple):
    """A slice on which people and a judge agree least: the field, the value, and the logs of each run with it."""

    slice: WorstSlice
    field: FieldRow
    value: str
    masks: list[NDArray[Any]]


def next_hand_out(reason: ReviewReason, asked: ReviewedRuns, runs: Sequence[ReviewedRun]) -> HandOut | None:
    """The first free log with a reason; None if there is none."""
    return _FINDERS[reason](asked, runs)


def _next_regression(asked: ReviewedRuns, runs: Sequence[ReviewedRun]) -> HandOut | None:
    """The datapoint that lost most against the reference run; of equal ones, that of the newest run."""
    reference = asked.reference
    directed = [row for row in asked.rows if row.evaluator_type != "human" and row.is_directed]
    best: tuple[float, DatapointChange, ReviewedRun] | None = None
    if reference is None or not directed:
        return None
    before = _Side(asked.judged.columns[reference.id], directed)
    for run in reversed(runs):
        if run.row.id == reference.id:
            continue
        after = _Side(asked.judged.columns[run.row.id], directed)
        ranking: Ranking = asked.cache.get(
            "ranked regressions",
            (reference.id, run.row.id, directed),
            (before.content, after.content),
            partial(rank_datapoints, directed, before.columns, after.columns, "regressed"),
        )
        keys = after.columns.datapoints
        found = ranking.first_of(keys[run.free], but=keys[run.labelled])
        if found is not None and (best is None or found[0] > best[0]):
            best = (*found, run)
    if best is None:
        return None
    _, change, run = best
    number = next(int(run.numbers[index]) for index in change.candidate if run.free[index])
    detail = ReviewDetail(
        evaluator_version_ids=[directed[index].version_id for index in change.evaluators],
        baseline_run_id=reference.id,
        baseline_log_number=int(asked.judged.numbers[reference.id][change.baseline[0]]),
    )
    return HandOut(run.row.id, number, "regression", detail)


class _Side(NamedTuple):
    """One of two compared runs, and the evaluators that are compared."""

    columns: RunColumns
    evaluators: Sequence[EvaluatorRow]

    @property
    def content(self) -> bytes:
        """A digest of what the comparison depends on. A label of people leaves it as it is."""
        return self.columns.digest(row.version_id for row in self.evaluators)


def _next_disagreement(asked: ReviewedRuns, runs: Sequence[ReviewedRun]) -> HandOut | None:
    """The log on which most evaluators contradict most others; of equal ones, the first in the even order."""
    import numpy as np

    amounts = [np.where(run.free, disagreements(asked.judges, asked.judged.columns[run.row.id]), 0) for run in runs]
    most = max((int(amount.max(initial=0)) for amount in amounts), default=0)
    if not most:
        return None
    found = _first_even(asked, runs, [amount == most for amount in amounts])
    return None if found is None else found._replace(reason="disagreement", sample_rank=None)


def _next_of_slice(asked: ReviewedRuns, runs: Sequence[ReviewedRun]) -> HandOut | None:
    """The first log, in the even order, of the slice on which people and the judge agree least."""
    import numpy as np

    columns = asked.judged_of([run for run in runs if run.labelled.any()]).columns
    without = {run.row.id: np.full(len(run.numbers), np.nan) for run in runs if run.row.id not in columns}
    pairs = [
        (pair, [without[id] if (id := run.row.id) in without else agreements(pair, columns[id]) for run in runs])
        for pair in judge_pairs(asked.rows)
    ]
    if not pairs:
        return None
    pair, agreed = max(pairs, key=lambda item: sum(int((column == column).sum()) for column in item[1]))
    doubted = _most_doubted(asked, runs, agreed)
    if doubted is None:
        return None
    found = _first_even(asked, runs, [run.free & mask for run, mask in zip(runs, doubted.masks, strict=True)])
    return (
        None if found is None else found._replace(reason="slice", detail=_slice_detail(pair, doubted), sample_rank=None)
    )


def _slice_detail(pair: JudgePair, doubted: _Doubted) -> ReviewDetail:
    of = ReviewSlice(
        part=doubted.field.part,
        key=doubted.field.key,
        value=doubted.value,
        evaluator_version_id=pair.judge.version_id,
        labels=doubted.slice.labels,
        agreed=doubted.slice.agreed,
    )
    return ReviewDetail(slice=of)


def _most_doubted(asked: ReviewedRuns, runs: Sequence[ReviewedRun], agreed: Sequence[NDArray[Any]]) -> _Doubted | None:
    """The slice by any field with few values that has the highest doubt; the first of equal ones."""
    import numpy as np

    together = np.concatenate(agreed) if agreed else np.zeros(0)
    if np.nanmin(together, initial=1.0) == 1:
        return None  # they always agree
    columns, versions = FieldColumns(asked.cache), dataset_versions(asked.evaluation)
    every = read_fields(asked.connection, asked.cache, versions).rows
    fields = [row for row in every if 1 < row.values_count <= _MOST_VALUES and not row.has_cut_values]
    positions = _positions(asked, columns, versions, runs)
    free = np.concatenate([run.free for run in runs])
    best: _Doubted | None = None
    for field in fields[:_MOST_FIELDS]:
        column = columns.of_versions(asked.connection, versions, field.part, field.key)
        codes = [np.append(column.codes, np.int32(-1))[at] for at in positions]
        found = worst_slice(np.concatenate(codes), together, free)
        if found is not None and (best is None or found.doubt > best.slice.doubt):
            masks = [of_run == found.code for of_run in codes]
            best = _Doubted(found, field, column.labels[found.code], masks)
    return best


def _positions(
    asked: ReviewedRuns, columns: FieldColumns, versions: Sequence[str], runs: Sequence[ReviewedRun]
) -> list[NDArray[Any]]:
    """The position of each log's datapoint in the dataset versions, by run; -1 without one."""
    import numpy as np

    keys = asked.judged.keys.column(columns.positions(asked.connection, versions))
    of_runs = [asked.judged.columns[run.row.id].datapoints for run in runs]
    largest = max(int(found.max(initial=-1)) for found in (keys, *of_runs))
    positions = np.full(largest + 2, -1, dtype=np.int64)  # the last item is that of logs without a datapoint
    positions[keys] = np.arange(len(keys))
    return [positions[datapoints] for datapoints in of_runs]


def _next_even(asked: ReviewedRuns, runs: Sequence[ReviewedRun]) -> HandOut | None:
    """The first log in the even order. It counts in the even sample of its run unless conditions narrow the run."""
    found = _first_even(asked, runs, [run.free for run in runs])
    return found._replace(sample_rank=None) if found and asked.conditions.names else found


def _first_even(asked: ReviewedRuns, runs: Sequence[ReviewedRun], masks: Sequence[NDArray[Any]]) -> HandOut | None:
    """The first log of these, in the even order of each run; runs take turns."""
    best: tuple[int, HandOut] | None = None
    for run, mask in zip(runs, masks, strict=True):
        if not mask.any():
            continue
        ranks = asked.ranks(run)
        at = first_even(ranks, mask)
        position = int((ranks < ranks[at]).sum())
        if best is None or position < best[0]:
            best = (position, HandOut(run.row.id, int(run.numbers[at]), "even", ReviewDetail(), int(ranks[at])))
    return None if best is None else best[1]


_FINDERS: dict[ReviewReason, Callable[[ReviewedRuns, Sequence[ReviewedRun]], HandOut | None]] = {
    "regression": _next_regression,
    "disagreement": _next_disagreement,
    "slice": _next_of_slice,
    "even": _next_even,
}
