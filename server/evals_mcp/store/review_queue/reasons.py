"""Find the next free log for each reason. Reads no texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Row

from evals_mcp.models.field_rows import FieldRow
from evals_mcp.models.review_queue import ReviewDetail, ReviewReason, ReviewSlice
from evals_mcp.statistics.datapoint_changes import DatapointChange, Ranking, rank_datapoints
from evals_mcp.statistics.review_order import (
    JudgePair,
    WorstSlice,
    agreements,
    disagreements,
    even_positions,
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
    import numpy as np

    directed = [row for row in asked.rows if row.evaluator_type != "human" and row.is_directed]
    best: tuple[float, DatapointChange, ReviewedRun] | None = None
    if asked.reference is None or not directed:
        return None
    for run in reversed(runs):
        if run.row.id == asked.reference.id:
            continue
        free = run.columns.datapoints[run.free]
        closed = run.columns.datapoints[run.labelled]
        found = _ranking(asked, run).first_of(np.setdiff1d(free, closed))
        if found is not None and (best is None or found[0] > best[0]):
            best = (*found, run)
    if best is None:
        return None
    _, change, run = best
    baseline = asked.found.numbers[asked.reference.id]
    number = next(int(run.numbers[index]) for index in change.candidate if run.free[index])
    detail = ReviewDetail(
        evaluator_version_ids=[directed[index].version_id for index in change.evaluators],
        baseline_run_id=asked.reference.id,
        baseline_log_number=int(baseline[change.baseline[0]]),
    )
    return HandOut(run.row.id, number, "regression", detail)


def _ranking(asked: ReviewedRuns, run: ReviewedRun) -> Ranking:
    reference: Row[Any] = asked.reference  # type: ignore[assignment]
    items = [item for item in asked.evaluation.evaluators if item.row.evaluator_type != "human"]
    directed = [item for item in items if item.row.is_directed]
    ranking: Ranking = asked.cache.get(
        "ranked regressions",
        (reference.id, run.row.id, [item.key for item in directed]),
        (reference, run.row, id(asked.found.keys)),
        lambda: rank_datapoints(
            [item.row for item in directed], asked.found.columns[reference.id], run.columns, "regressed"
        ),
    )
    return ranking


def _next_disagreement(asked: ReviewedRuns, runs: Sequence[ReviewedRun]) -> HandOut | None:
    """The log on which most evaluators contradict most others; of equal ones, the first in the even order."""
    import numpy as np

    best: tuple[int, int, HandOut] | None = None
    for run in runs:
        amounts = np.where(run.free, disagreements(asked.judges, run.columns), 0)
        if not amounts.any():
            continue
        positions = np.where(amounts == amounts.max(), even_positions(run.ranks), len(amounts))
        at = int(positions.argmin())
        found = (-int(amounts[at]), int(positions[at]))
        if best is None or found < best[:2]:
            best = (*found, HandOut(run.row.id, int(run.numbers[at]), "disagreement", ReviewDetail()))
    return None if best is None else best[2]


def _next_of_slice(asked: ReviewedRuns, runs: Sequence[ReviewedRun]) -> HandOut | None:
    """The first log, in the even order, of the slice on which people and the judge agree least."""
    pairs = [(pair, [agreements(pair, run.columns) for run in runs]) for pair in judge_pairs(asked.rows)]
    if not pairs:
        return None
    pair, agreed = max(pairs, key=lambda item: sum(int((column == column).sum()) for column in item[1]))
    doubted = _most_doubted(asked, runs, agreed)
    if doubted is None:
        return None
    found = _first_even(runs, [run.free & mask for run, mask in zip(runs, doubted.masks, strict=True)])
    return None if found is None else found._replace(reason="slice", detail=_slice_detail(pair, doubted))


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
    positions = [_positions(asked, columns, versions, run) for run in runs]
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


def _positions(asked: ReviewedRuns, columns: FieldColumns, versions: Sequence[str], run: ReviewedRun) -> NDArray[Any]:
    """The position of each log's datapoint in the dataset versions; -1 without one."""
    positions = columns.positions(asked.connection, versions)
    found: NDArray[Any] = asked.cache.get(
        "positions of logs",
        (run.row.id, versions),
        (run.row, id(asked.found.keys)),
        partial(_read_positions, asked, positions, run),
    )
    return found


def _read_positions(asked: ReviewedRuns, positions: Mapping[str, int], run: ReviewedRun) -> NDArray[Any]:
    import numpy as np

    keys = asked.found.keys
    found = [positions.get(keys.id_of(key), -1) if key >= 0 else -1 for key in run.columns.datapoints.tolist()]
    return np.array(found, dtype=np.int64)


def _next_even(asked: ReviewedRuns, runs: Sequence[ReviewedRun]) -> HandOut | None:
    """The first log in the even order. It counts in the even sample of its run unless conditions narrow the run."""
    found = _first_even(runs, [run.free for run in runs])
    return found._replace(sample_rank=None) if found and asked.conditions.names else found


def _first_even(runs: Sequence[ReviewedRun], masks: Sequence[NDArray[Any]]) -> HandOut | None:
    """The first log of these, in the even order of each run; runs take turns."""
    import numpy as np

    best: tuple[int, HandOut] | None = None
    for run, mask in zip(runs, masks, strict=True):
        if not mask.any():
            continue
        positions = np.where(mask, even_positions(run.ranks), len(mask))
        at = int(positions.argmin())
        if best is None or int(positions[at]) < best[0]:
            item = HandOut(run.row.id, int(run.numbers[at]), "even", ReviewDetail(), int(run.ranks[at]))
            best = (int(positions[at]), item)
    return None if best is None else best[1]


_FINDERS: dict[ReviewReason, Callable[[ReviewedRuns, Sequence[ReviewedRun]], HandOut | None]] = {
    "regression": _next_regression,
    "disagreement": _next_disagreement,
    "slice": _next_of_slice,
    "even": _next_even,
}
