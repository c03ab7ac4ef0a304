"""Whether runs disagree on a datapoint, or all fail it, by one evaluator. Reads no logs."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from evals_mcp.models.questions import EvaluatorScale
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.agreement import (
    FailingJudgments,
    Judgment,
    NumberRange,
    failing_judgments,
    judgment_fails,
    spread,
)


class JudgmentReading:
    """How to read one evaluator's judgments in a question."""

    def __init__(self, scale: EvaluatorScale, row: EvaluatorRow) -> None:
        self.return_type = row.return_type
        self._row = row
        self._range = None if scale.low is None or scale.high is None else NumberRange(scale.low, scale.high)
        self._can_fail = scale.can_fail

    @cached_property
    def failing(self) -> FailingJudgments | None:
        """The judgments that are failures; None if none is."""
        if not self._can_fail:
            return None
        return failing_judgments(self.return_type, self._row.valence, self._row.option_valences, self._range)

    def disagree(self, judgments: Iterable[Judgment]) -> bool:
        """Whether judgments of one datapoint differ by at least half. For numbers, both extremes are enough."""
        return spread(judgments, self.return_type, self._range) >= 0.5

    def all_fail(self, judgments: Sequence[Judgment]) -> bool:
        """Whether there are judgments and all are failures. For numbers, the smallest and largest are enough."""
        return bool(judgments) and all(judgment_fails(value, self.failing) for value in judgments)
