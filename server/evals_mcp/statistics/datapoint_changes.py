"""The datapoints that changed between a baseline and a candidate, largest change first. No tests, no texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.models.judgments import JUDGED, VALENCE_SCORES
from evals_mcp.models.questions import Outcome
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.columns import JudgmentColumn, RunColumns, option_shares
from evals_mcp.statistics.pairing import LARGEST, pair_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DECIMALS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DatapointChange:
    """A datapoint by its key, and the indexes of the evaluators that changed, largest change first.

    `baseline` and `candidate` are the indexes of its logs in the columns: first the log that best shows the outcome,
    then the others, oldest first.
    """

    key: int
    evaluators: tuple[int, ...]
    baseline: tuple[int, ...]
    candidate: tuple[int, ...]


class _Changes(NamedTuple):
    """Per paired datapoint: how much better it got (0 without a direction), how much higher, and how much it changed.

    Options are never higher. The `span` is the range of the numbers that the changes were divided by, if not declared.
    """

    keys: NDArray[Any]
    gains: NDArray[Any]
    rises: NDArray[Any]
    amounts: NDArray[Any]
    span: float | None = None


class _Weights(NamedTuple):
    """One evaluator's weights for an outcome: per key a weight, and 1 for better (higher without a direction), -1 for
    worse (lower), else 0.

    `pairs` are the keys that it judged in both runs.
    """

    keys: NDArray[Any]
    values: NDArray[Any]
    signs: NDArray[Any]
    pairs: NDArray[Any]
    span: float | None = None


class Ranking:
    """The datapoints with an outcome, in order. `len` counts them. Details are computed only for a page."""

    def __init__(
        self,
        evaluators: Sequence[EvaluatorRow],
        runs: tuple[RunColumns, RunColumns],
        outcome: Outcome,
        keys: NDArray[Any],
        weights: NDArray[Any],
        signs: NDArray[Any],
        places: Sequence[NDArray[Any]],
        spans: Sequence[float],
    ) -> None:
        """`runs` are baseline and candidate. `weights` and `signs` have a row per evaluator and a column per key.

        `places` are what the keys are sorted by: the first decides. `spans` are as in `rank_datapoints`.
        """
        self._evaluators = evaluators
        self._runs = runs
        self._outcome = outcome
        self._keys = keys
        self._weights = weights
        self._signs = signs
        self._places = places
        self.spans = spans

    def __len__(self) -> int:
        """The number of datapoints with the outcome."""
        return len(self._keys)

    def first_of(self, keys: NDArray[Any], *, but: NDArray[Any]) -> tuple[float, DatapointChange] | None:
        """The first datapoint with one of these keys and none of the others, and its largest change. None without."""
        import numpy as np

        at = np.flatnonzero(np.isin(self._keys, keys) & ~np.isin(self._keys, but))
        return (float(self._weights[:, at[0]].max()), self._change(int(at[0]))) if len(at) else None

    def page(self, offset: int, limit: int) -> list[DatapointChange]:
        """The datapoints from an offset."""
        return [self._change(index) for index in range(offset, min(offset + limit, len(self._keys)))]

    def place(self, index: int) -> tuple[float, float, float]:
        """What a datapoint is sorted by: the largest change, all, and the row of its first log, baseline first."""
        largest, total, row = (float(column[index]) for column in self._places)
        return largest, total, row

    def offset_after(self, place: tuple[float, float, float]) -> int:
        """How many datapoints are not after a place, whether one is still there or not."""
        largest, total, row = self._places
        before = (total > place[1]) | ((total == place[1]) & (row <= place[2]))
        return int(((largest > place[0]) | ((largest == place[0]) & before)).sum())

    def _change(self, index: int) -> DatapointChange:
        import numpy as np

        key = int(self._keys[index])
        weights = self._weights[:, index]
        involved = [int(index) for index in np.argsort(-weights, kind="stable") if weights[index] > 0]
        lead = involved[0] if involved else None
        sign = 0 if lead is None else int(self._signs[lead, index])
        before, after = (
            _best_first(np.flatnonzero(run.datapoints == key), self._telling(run, lead, direction))
            for run, direction in zip(self._runs, (-sign, sign), strict=True)
        )
        return DatapointChange(key=key, evaluators=tuple(involved), baseline=before, candidate=after)

    def _telling(self, run: RunColumns, lead: int | None, direction: int) -> NDArray[Any]:
        """For each log of a run, how well it shows the outcome by the leading evaluator's judgment."""
        import numpy as np

        column = None if lead is None else run.judgments[self._evaluators[lead].version_id]
        telling: NDArray[Any] = np.zeros(len(run.datapoints))
        if self._outcome == "errors":
            telling = run.failed * 2 + (0 if column is None else column.failed)
        elif lead is not None and column is not None and direction:
            scores = direction * _scores(self._evaluators[lead], column)
            telling = np.where(np.isnan(scores), -np.inf, scores)
        elif column is not None:
            telling = column.states == JUDGED
        return telling


def rank_datapoints(
    evaluators: Sequence[EvaluatorRow],
    baseline: RunColumns,
    candidate: RunColumns,
    outcome: Outcome,
    spans: Sequence[float] = (),
) -> Ranking:
    """Find the datapoints with an outcome by any of these evaluators, largest change first.

    A datapoint's change by an evaluator is the change of its mean judgment (over several logs), in the evaluator's
    direction, divided by its range: the declared one, else that of the compared numbers. Booleans change by 1, options
    by the distance of their valences; options without valences only differ.

    - `regressed`: some evaluator got worse, largest drop first. `improved`: some evaluator got better. A datapoint can
      be both, by different evaluators.
    - `higher`, `lower`: some number or rate of true rose or fell, whichever is better.
    - `changed`: some judgment differs, in any direction. `same`: judged in both runs without a difference; texts do not
      count.
    - `only_baseline`: an evaluator judged it only in the baseline; the candidate has no log, or its judgment failed, is
      null or is missing. `only_candidate`: the reverse. Most evaluators first. Ignores evaluators that judged nothing
      in one of the runs.
    - `errors`: a log ended in an error in either run (the candidate's first), or an evaluator failed.

    Ties are ordered by all evaluators together, then by the logs: the baseline's first. `spans` are the ranges of the
    compared numbers as they were for the page before, by each evaluator that declares none, so that places stay.
    """
    import numpy as np

    every = np.concatenate((baseline.datapoints, candidate.datapoints))
    unique, first = np.unique(every, return_index=True)
    keys = unique[(order := np.argsort(first, kind="stable"))]
    has_datapoint = keys >= 0
    rows = first[order]
    positions = np.empty(len(unique), dtype=np.int64)
    positions[order] = np.arange(len(unique))
    weights, signs = np.zeros((2, len(evaluators), len(keys)))
    paired = np.zeros(len(keys), dtype=bool)
    measured: list[float] = []
    for index, row in enumerate(evaluators):
        weighed = _weigh(row, baseline, candidate, outcome, spans[len(measured)] if len(measured) < len(spans) else 0.0)
        measured += [] if weighed.span is None else [weighed.span]
        at = positions[np.searchsorted(unique, weighed.keys)]
        weights[index, at], signs[index, at] = weighed.values, weighed.signs
        if row.return_type != "text":
            paired[positions[np.searchsorted(unique, weighed.pairs)]] = True
    largest, total = weights.max(axis=0, initial=0.0), weights.sum(axis=0)
    if outcome == "errors":
        largest = largest + _failed_logs(unique, positions, baseline, candidate)
    at = np.flatnonzero((paired & (largest == 0) if outcome == "same" else largest > 0) & has_datapoint)
    total = np.round(total, _DECIMALS)
    at = at[np.lexsort((rows[at], -total[at], -largest[at]))]
    sorted_by = (largest[at], total[at], rows[at])
    return Ranking(
        evaluators, (baseline, candidate), outcome, keys[at], weights[:, at], signs[:, at], sorted_by, measured
    )


def _weigh(row: EvaluatorRow, baseline: RunColumns, candidate: RunColumns, outcome: Outcome, span: float) -> _Weights:
    import numpy as np

    left, right = (_judged_keys(row, run) for run in (baseline, candidate))
    pairs = np.intersect1d(left, right)
    if outcome in ("only_baseline", "only_candidate"):
        alone = np.setdiff1d(left, right) if outcome == "only_baseline" else np.setdiff1d(right, left)
        alone = alone if len(left) and len(right) else alone[:0]
        return _Weights(alone, np.ones(len(alone)), np.zeros(len(alone)), pairs)
    if outcome == "errors":
        found = np.unique(np.concatenate([_failed_judgments(row, run) for run in (baseline, candidate)]))
        return _Weights(found, np.ones(len(found)), np.zeros(len(found)), pairs)
    changes = _evaluator_changes(row, baseline, candidate, span)
    gains, rises = changes.gains, changes.rises
    ways = {"regressed": -gains, "improved": gains, "higher": rises, "lower": -rises}
    signs = np.sign(gains if row.is_directed else rises)
    return _Weights(changes.keys, np.maximum(ways.get(outcome, changes.amounts), 0.0), signs, pairs, changes.span)


def datapoints_with_errors(row: EvaluatorRow, baseline: RunColumns, candidate: RunColumns) -> NDArray[Any]:
    """The keys of the datapoints that the outcome `errors` lists by one evaluator."""
    import numpy as np

    runs = (baseline, candidate)
    keys = [part for run in runs for part in (_failed_judgments(row, run), run.datapoints[run.failed])]
    found: NDArray[Any] = np.unique(np.concatenate(keys))
    return found[found >= 0]


def _failed_judgments(row: EvaluatorRow, run: RunColumns) -> NDArray[Any]:
    """The keys of datapoints where an evaluator failed, repeated for several logs."""
    keys: NDArray[Any] = run.datapoints[run.judgments[row.version_id].failed]
    return keys


def _failed_logs(
    unique: NDArray[Any], positions: NDArray[Any], baseline: RunColumns, candidate: RunColumns
) -> NDArray[Any]:
    import numpy as np

    weights = np.zeros(len(unique))
    for run, weight in ((baseline, 2.0), (candidate, 4.0)):
        weights[positions[np.searchsorted(unique, np.unique(run.datapoints[run.failed]))]] += weight
    return weights


def _judged_keys(row: EvaluatorRow, run: RunColumns) -> NDArray[Any]:
    """The keys of datapoints with a comparable judgment in a run."""
    import numpy as np

    judged = run.judged(row.version_id)
    if row.return_type not in ("boolean", "number"):
        return np.unique(judged.keys)
    with np.errstate(invalid="ignore"):
        return np.unique(judged.keys[np.abs(judged.numbers) <= LARGEST])


def _evaluator_changes(row: EvaluatorRow, baseline: RunColumns, candidate: RunColumns, span: float) -> _Changes:
    import numpy as np

    match row.return_type:
        case "boolean" | "number":
            return _number_changes(row, baseline, candidate, span)
        case "select" | "multi_select":
            return _option_changes(row, baseline, candidate)
    return _Changes(np.zeros(0, dtype=np.int64), *np.zeros((3, 0)))


def _number_changes(row: EvaluatorRow, baseline: RunColumns, candidate: RunColumns, span: float) -> _Changes:
    import numpy as np

    left, right = baseline.judged(row.version_id), candidate.judged(row.version_id)
    pairs = pair_columns(left.keys, left.numbers, right.keys, right.numbers)
    both = np.concatenate((pairs.baseline, pairs.candidate))
    declared = 1.0 if row.return_type == "boolean" else _declared_range(row)
    span = declared or span or (float(np.ptp(both)) if len(both) else 0.0)
    with np.errstate(over="ignore"):  # a caller's span may be tiny
        shares = np.clip(pairs.differences() / (span or 1.0), -LARGEST, LARGEST)
        changes = np.round(shares, _DECIMALS)
    gains, keys = VALENCE_SCORES[row.valence] * changes, np.array(pairs.keys, dtype=np.int64)
    return _Changes(keys, gains, changes, np.abs(changes), None if declared else span)


def _declared_range(row: EvaluatorRow) -> float:
    return 0.0 if row.low is None or row.high is None else max(0.0, row.high - row.low)


def _option_changes(row: EvaluatorRow, baseline: RunColumns, candidate: RunColumns) -> _Changes:
    import numpy as np

    left, right = (option_shares(run.judged(row.version_id)) for run in (baseline, candidate))
    keys = sorted(left.keys() & right.keys())
    scores = _option_scores(row)
    known = list(scores.values())
    span = (max(known) - min(known) if row.return_type == "select" else sum(map(abs, known))) if known else 0.0
    gains, amounts = [], []
    for key in keys:
        before, after = left[key], right[key]
        moved = {option: after.get(option, 0.0) - before.get(option, 0.0) for option in {*before, *after}}
        gain = sum(change * scores.get(option, 0.0) for option, change in moved.items()) if row.is_directed else 0.0
        gains.append(gain / span if span else 0.0)
        amounts.append(sum(map(abs, moved.values())) / max(1.0, sum(before.values()) + sum(after.values())))
    better, higher, changed = (np.round(values, _DECIMALS) for values in (gains, [0.0] * len(keys), amounts))
    return _Changes(np.array(keys, dtype=np.int64), better, higher, changed)


def _option_scores(row: EvaluatorRow) -> dict[str, float]:
    """The score of each option; 0 without a valence."""
    return {option: VALENCE_SCORES.get(valence or "", 0.0) for option, valence in row.option_valences.items()}


def _scores(row: EvaluatorRow, column: JudgmentColumn) -> NDArray[Any]:
    """The score of each judgment, higher is better; NaN without a judgment or a direction."""
    import numpy as np

    if row.return_type in ("boolean", "number"):
        return -column.numbers if row.lower_is_better else column.numbers
    scores = _option_scores(row)
    worth = [sum(share * scores.get(option, 0.0) for option, share in shares) for shares in column.options]
    return np.where(column.labels >= 0, np.array([*worth, np.nan])[column.labels], np.nan)


def _best_first(positions: NDArray[Any], telling: NDArray[Any]) -> tuple[int, ...]:
    """The positions, with the most informative one first."""
    found: list[int] = positions.tolist()
    if len(found) > 1:
        found.insert(0, found.pop(int(telling[positions].argmax())))
    return tuple(found)
