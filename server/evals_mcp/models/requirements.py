"""The requirements of a check: what a candidate must reach, alone or against a baseline."""

from dataclasses import dataclass
from typing import Literal

from evals_mcp.models.rows import EvaluatorRow

Subject = Literal["evaluator", "pass", "errors", "latency", "tokens", "cost"]
"""What a requirement is about: an evaluator's judgments, datapoints that pass, failed logs, or a measure of logs."""

Relation = Literal["not worse", "better", ">=", "<="]
Unit = Literal["", "percent", "deviations"]
"""A value is in the figure's own unit, in percent of the baseline's mean, or in standard deviations."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement: `text` as written, and what it means. `value` is a margin or a bound; 0 for `better`."""

    text: str
    subject: Subject
    relation: Relation
    value: float = 0.0
    unit: Unit = ""
    evaluator: EvaluatorRow | None = None

    @property
    def is_paired(self) -> bool:
        """Whether it compares with a baseline."""
        return self.relation in ("not worse", "better")

    @property
    def is_rate(self) -> bool:
        """Whether its figure is a share: of true judgments, of improved datapoints, of passes or of errors."""
        if self.subject == "evaluator":
            return self.evaluator is not None and self.evaluator.return_type != "number"
        return self.subject in ("pass", "errors")
