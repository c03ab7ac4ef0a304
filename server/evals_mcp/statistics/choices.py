"""Whether runs disagree on a datapoint, or all fail it, by one evaluator. Reads no logs."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from evals_mcp.models.review import EvaluatorRow, Judge
from evals_mcp.statistics.agreement import Judgment, NumberRange, agreement_of_runs, judgment_fails


class Rule(NamedTuple):
    """How to read one evaluator's judgments: the rules of `agreement` that apply to it."""

    row: EvaluatorRow
    number_range: NumberRange | None
    can_fail: bool

    def disagree(self, judgments: Iterable[Judgment]) -> bool:
        """Whether judgments of one datapoint differ. For numbers, the smallest and largest are enough."""
        return agreement_of_runs(judgments, self.row.return_type, number_range=self.number_range).disagree

    def fails(self, judgment: Judgment) -> bool | None:
        """Whether a judgment is a failure; None if it cannot tell."""
        if not self.can_fail:
            return None
        return judgment_fails(judgment, self.row.return_type, self._valence, self._options, self.number_range)

    def all_fail(self, judgments: Sequence[Judgment]) -> bool:
        """Whether there are judgments and all are failures. For numbers, the smallest and largest are enough."""
        return bool(judgments) and all(self.fails(value) for value in judgments)

    @property
    def _valence(self) -> str:
        return "neutral" if self.row.neutral else "negative" if self.row.lower_is_better else "positive"

    @property
    def _options(self) -> dict[str, str | None]:
        return {option: self.row.valences.get(option) for option in self.row.options}


def read_rule(judge: Judge, row: EvaluatorRow) -> Rule:
    """The rule of an evaluator in a question."""
    number_range = None if judge.low is None or judge.high is None else NumberRange(judge.low, judge.high)
    return Rule(row, number_range, judge.can_fail)
