"""Whether a datapoint is one where runs disagree or where every run fails, by one evaluator; no reading of logs."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from evals_mcp.models.review import EvaluatorRow, Judge
from evals_mcp.statistics.agreement import Judgment, NumberRange, agreement_of_runs, judgment_fails


class Rule(NamedTuple):
    """How one evaluator's judgments are read: what of `agreement` applies to it."""

    row: EvaluatorRow
    number_range: NumberRange | None
    can_fail: bool

    def disagree(self, judgments: Iterable[Judgment]) -> bool:
        """Whether judgments of one datapoint differ. Of numbers the least and the greatest are enough."""
        return agreement_of_runs(judgments, self.row.return_type, number_range=self.number_range).disagree

    def fails(self, judgment: Judgment) -> bool | None:
        """Whether a judgment says that a log fails; None if it says nothing of that."""
        if not self.can_fail:
            return None
        return judgment_fails(judgment, self.row.return_type, self._valence, self._options, self.number_range)

    def all_fail(self, judgments: Sequence[Judgment]) -> bool:
        """Whether there are judgments and all say that a log fails. Of numbers the two ends are enough."""
        return bool(judgments) and all(self.fails(value) for value in judgments)

    @property
    def _valence(self) -> str:
        return "neutral" if self.row.neutral else "negative" if self.row.lower_is_better else "positive"

    @property
    def _options(self) -> dict[str, str | None]:
        return {option: self.row.valences.get(option) for option in self.row.options}


def read_rule(judge: Judge, row: EvaluatorRow) -> Rule:
    """The rule of an evaluator as a question puts it."""
    number_range = None if judge.low is None or judge.high is None else NumberRange(judge.low, judge.high)
    return Rule(row, number_range, judge.can_fail)
