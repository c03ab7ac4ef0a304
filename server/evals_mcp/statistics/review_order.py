"""Which logs are worth a look: where evaluators disagree, where people and judges do, and an even order. No figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.models.judgments import ABSTAINED, JUDGED
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.agreement import JudgmentReading
from evals_mcp.statistics.columns import OTHER_TYPE, JudgmentColumn, RunColumns
from evals_mcp.statistics.judge_corrections import are_same_question

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_IN_SLICE = 3
"""Labels; a slice with fewer tells nothing."""


class Judge(NamedTuple):
    """An evaluator, and how to read its judgments."""

    row: EvaluatorRow
    reading: JudgmentReading


class JudgePair(NamedTuple):
    """A judge, and a human evaluator that answers the same question."""

    judge: EvaluatorRow
    human: EvaluatorRow


def judge_pairs(evaluators: Sequence[EvaluatorRow]) -> list[JudgePair]:
    """Each judge with each human evaluator that it can agree with: booleans of one direction, or shared options."""
    people = [row for row in evaluators if row.evaluator_type == "human"]
    judges = [row for row in evaluators if row.evaluator_type != "human"]
    return [JudgePair(judge, human) for judge in judges for human in people if _can_agree(judge, human)]


def _can_agree(judge: EvaluatorRow, human: EvaluatorRow) -> bool:
    if judge.return_type == human.return_type == "select":
        return not judge.options or not human.options or bool(set(judge.options) & set(human.options))
    return are_same_question(judge, human)


def agreements(pair: JudgePair, run: RunColumns) -> NDArray[Any]:
    """For each log of a run, 1 if both gave the same judgment, 0 if not, NaN unless both judged it."""
    import numpy as np

    columns = [run.judgments[row.version_id] for row in pair]
    if pair.judge.return_type == "boolean":
        values = [column.numbers for column in columns]
    else:
        codes: dict[str, int] = {}
        values = [_option_codes(column, codes) for column in columns]
    both = (columns[0].states == JUDGED) & (columns[1].states == JUDGED)
    return np.where(both & ~np.isnan(values[0] + values[1]), values[0] == values[1], np.nan)


def is_labelled(people: Iterable[EvaluatorRow], run: RunColumns) -> NDArray[Any]:
    """Whether each log of a run has a label: a judgment, or an abstention, by one of these human evaluators."""
    import numpy as np

    labelled = np.zeros(len(run.datapoints), dtype=bool)
    for row in people:
        states = run.judgments[row.version_id].states
        labelled |= (states == JUDGED) | (states == ABSTAINED) | (states == OTHER_TYPE)
    return labelled


def disagreements(judges: Sequence[Judge], run: RunColumns) -> NDArray[Any]:
    """For each log of a run, how many evaluators contradict the others, at most half of them.

    They contradict if one fails the log and another passes it, or if they select different ones of the same options.
    """
    import numpy as np

    fails, passes = np.zeros((2, len(run.datapoints)), dtype=np.int64)
    for judge in judges:
        failed = _failed(judge, run.judgments[judge.row.version_id])
        fails += failed == 1
        passes += failed == 0
    amount = np.minimum(fails, passes)
    codes: dict[str, int] = {}
    same: dict[frozenset[str], list[NDArray[Any]]] = {}
    for judge in judges:
        if judge.row.return_type == "select" and judge.reading.options:
            values = _option_codes(run.judgments[judge.row.version_id], codes)
            same.setdefault(judge.reading.options, []).append(values)
    for columns in same.values():
        first = columns[0]
        for values in columns[1:]:
            amount = np.maximum(amount, ~np.isnan(first + values) & (first != values))
            first = np.where(np.isnan(first), values, first)
    return amount


def _failed(judge: Judge, column: JudgmentColumn) -> NDArray[Any]:
    """1 for a log that the evaluator fails, 0 for one that it passes, NaN where it does not tell or authors differ."""
    import numpy as np

    failing = judge.reading.failing
    if failing is None:
        return np.full(len(column.states), np.nan)
    judged = column.states == JUDGED
    if failing.boolean is not None:
        known = judged & np.isin(column.numbers, (0.0, 1.0))
        return np.where(known, column.numbers == float(failing.boolean), np.nan)
    if failing.numbers is not None:
        low, high = failing.numbers
        known = judged & ~np.isnan(column.numbers)
        return np.where(known, (column.numbers >= low) & (column.numbers <= high), np.nan)
    negative = [any(option in failing.options for option, _ in profile) for profile in column.options]
    return np.where(judged & (column.labels >= 0), np.array([*negative, False])[column.labels], np.nan)


def _option_codes(column: JudgmentColumn, codes: dict[str, int]) -> NDArray[Any]:
    """The selected option of each log as a code; NaN without one, or if authors differ. New options get new codes."""
    import numpy as np

    of_profile = [
        float(codes.setdefault(profile[0][0], len(codes))) if len(profile) == 1 else np.nan
        for profile in column.options
    ]
    return np.where(column.states == JUDGED, np.array([*of_profile, np.nan])[column.labels], np.nan)


def first_even(ranks: NDArray[Any], mask: NDArray[Any]) -> int:
    """The index of the first of some logs of a run in an even order, from the keys that decide it; `mask` has some."""
    some = mask.nonzero()[0]
    return int(some[ranks[some].argmin()])


class WorstSlice(NamedTuple):
    """The value of a field, by its code, on whose logs a judge and people agree least."""

    code: int
    labels: int
    agreed: int

    @property
    def doubt(self) -> float:
        """The expected rate of disagreement, drawn towards a half where there are few labels."""
        return (self.labels - self.agreed + 1) / (self.labels + 2)


def worst_slice(codes: NDArray[Any], agreed: NDArray[Any], free: NDArray[Any]) -> WorstSlice | None:
    """The slice that agrees least, below all others together, and has `free` logs; None if there is none.

    `codes` are the values of a field, -1 without one; `agreed` is as from `agreements`.
    """
    import numpy as np

    known = np.flatnonzero(~np.isnan(agreed))
    known = known[codes[known] >= 0]
    if not len(known):
        return None
    labels = np.bincount(codes[known])
    equal = np.bincount(codes[known], weights=agreed[known])
    others = labels.sum() - labels, equal.sum() - equal
    with np.errstate(invalid="ignore", divide="ignore"):
        lower = equal / labels < others[1] / others[0]
    able = np.flatnonzero((labels >= LEAST_IN_SLICE) & lower)
    found = [WorstSlice(int(code), int(labels[code]), int(equal[code])) for code in able]
    found.sort(key=lambda item: (-item.doubt, item.code))
    return next((item for item in found if (free & (codes == item.code)).any()), None)
