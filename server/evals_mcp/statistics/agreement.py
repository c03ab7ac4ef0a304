"""Whether runs disagree on a datapoint, or all fail it, by one evaluator. Reads no logs."""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Self

from evals_mcp.models.conditions import EvaluatorScale
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.pairing import is_number

Judgment = bool | float | str | Sequence[str] | None


class NumberRange(NamedTuple):
    """The smallest and largest number: the evaluator's declared limits, else the observed ones."""

    low: float
    high: float


class FailingJudgments(NamedTuple):
    """The judgments of an evaluator that are failures: a boolean, a range of numbers, or options."""

    boolean: bool | None = None
    numbers: NumberRange | None = None
    options: frozenset[str] = frozenset()


def failing_judgments(
    kind: str,
    valence: str = "positive",
    options: Mapping[str, str | None] | None = None,
    number_range: NumberRange | None = None,
) -> FailingJudgments | None:
    """Which judgments are failures; None if the evaluator cannot tell.

    A boolean fails if false, a number in the lowest quarter of its range (of 1 to 5: 1 and 2), options if a negative
    one is selected. With negative valence, true and the highest quarter fail. Neutral evaluators, options without a
    negative one, numbers without a range, and text cannot fail.
    """
    if kind in ("select", "multi_select"):
        negative = frozenset(option for option, value in (options or {}).items() if value == "negative")
        return FailingJudgments(options=negative) if negative else None
    if valence == "neutral":
        return None
    if kind == "boolean":
        return FailingJudgments(boolean=valence == "negative")
    if kind == "number" and number_range and number_range.low < number_range.high:
        quarter = (number_range.high - number_range.low) / 4
        lowest, highest = number_range.low + quarter, number_range.high - quarter
        worst = NumberRange(highest, math.inf) if valence == "negative" else NumberRange(-math.inf, lowest)
        return FailingJudgments(numbers=worst)
    return None


def judgment_fails(judgment: Judgment, failing: FailingJudgments | None) -> bool | None:
    """Whether a judgment is a failure; None if the evaluator cannot tell, or for a value of another type."""
    if failing is None:
        return None
    if failing.options:
        chosen = _chosen(judgment)
        return None if chosen is None else bool(failing.options & chosen)
    if failing.boolean is not None:
        return judgment is failing.boolean if isinstance(judgment, bool) else None
    if failing.numbers is None or not is_number(judgment):
        return None
    return failing.numbers.low <= judgment <= failing.numbers.high


class JudgmentReading:
    """How to read one evaluator's judgments in a question."""

    def __init__(self, scale: EvaluatorScale, row: EvaluatorRow) -> None:
        self.return_type = row.return_type
        self.options = frozenset(row.options)
        self._row = row
        self._range = None if scale.low is None or scale.high is None else NumberRange(scale.low, scale.high)
        self._can_fail = scale.can_fail

    @cached_property
    def failing(self) -> FailingJudgments | None:
        """The judgments that are failures; None if none is."""
        if not self._can_fail:
            return None
        return failing_judgments(self.return_type, self._row.valence, self._row.option_valences, self._range)

    @property
    def can_disagree(self) -> bool:
        """Whether its judgments can differ by half: not texts, nor numbers without a range."""
        return self.return_type != "text" and (self.return_type != "number" or self._range is not None)

    def can_contradict(self, other: Self) -> bool:
        """Whether both can fail a log, or select one of the same options."""
        same = self.return_type == other.return_type == "select" and self.options and self.options == other.options
        return bool(same or (self.failing and other.failing))

    def disagree(self, judgments: Iterable[Judgment]) -> bool:
        """Whether judgments of one datapoint differ by at least half. For numbers, both extremes are enough."""
        return spread(judgments, self.return_type, self._range) >= 0.5

    def all_fail(self, judgments: Sequence[Judgment]) -> bool:
        """Whether there are judgments and all are failures. For numbers, the smallest and largest are enough."""
        return bool(judgments) and all(judgment_fails(value, self.failing) for value in judgments)


def spread(judgments: Iterable[Judgment], kind: str, number_range: NumberRange | None = None) -> float:
    """How much judgments of one datapoint differ: 0 (all equal) to 1. Ignores None (missing, abstained, failed).

    The spread of numbers is relative to `number_range`, and 0 without it. Booleans and single options are equal or not.
    The spread of several options is the share not common to all (Jaccard). Text has none.
    """
    values = [value for value in judgments if value is not None]
    if kind == "number":
        numbers = [value for value in values if is_number(value)]
        if not numbers or number_range is None or number_range.low >= number_range.high:
            return 0.0
        return min(1.0, (max(numbers) - min(numbers)) / (number_range.high - number_range.low))
    if kind == "boolean":
        return float(len({value for value in values if isinstance(value, bool)}) > 1)
    sets = [chosen for value in values if (chosen := _chosen(value)) is not None]
    if kind == "text" or not sets:
        return 0.0
    either = frozenset().union(*sets)
    if kind == "select":
        return float(len(either) > 1)
    return 1 - len(sets[0].intersection(*sets)) / len(either) if either else 0.0


def _chosen(value: Judgment) -> frozenset[str] | None:
    if isinstance(value, str):
        return frozenset([value])
    return frozenset(value) if isinstance(value, Sequence) else None
