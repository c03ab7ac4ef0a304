"""Groups of datapoints or logs: what they are grouped by, the questions about them, and the rows of the answers."""

from typing import Literal, Self

from pydantic import Field, model_validator

from evals_mcp.models.comparisons import ComparisonRow
from evals_mcp.models.conditions import Asked
from evals_mcp.models.datapoint_fields import Part
from evals_mcp.models.figures import EvaluatorFigures
from evals_mcp.models.model import Defaulted, Model
from evals_mcp.models.questions import Missing, Question
from evals_mcp.models.rows import CurrentRows

LEAST_PAIRS = 5
"""Groups with fewer pairs are pooled, if there are several."""


class GroupBy(Asked):
    """What groups are by: a field of the datapoint, or a judgment, a measure or an error of the log.

    `part` and `key` name a field as in `FieldCondition`. In a comparison, the log is the baseline's. Numbers with many
    values are put into bins that have about equally many datapoints.
    """

    kind: Literal["field", "judgment", "length", "latency", "tokens", "cost", "error"]
    part: Part | None = None
    key: Defaulted[str] = Field(default="", max_length=1_000)
    evaluator_version_id: str | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.kind == "field") != (self.part is not None):
            raise ValueError("`part` is given for a field, and only for a field")
        if (self.kind == "judgment") != (self.evaluator_version_id is not None):
            raise ValueError("`evaluator_version_id` is given for a judgment, and only for a judgment")
        return self

    @property
    def is_of_log(self) -> bool:
        """Whether the groups depend on what a run gave."""
        return self.kind != "field"


class GroupName(Model):
    """What a group has in common: a value as text, a range of numbers (both ends belong to it), or no value.

    `others` are `pooled` groups with few pairs each.
    """

    kind: Literal["value", "range", "none", "others"]
    value: Defaulted[str] = ""
    low: float | None = None
    high: float | None = None
    pooled: Defaulted[int] = 0


class GroupedComparisonQuestion(Question):
    """Candidates against a baseline, in each group of datapoints, by these evaluators.

    Without evaluators, by the first one that has a direction and changed; else the first that changed.
    """

    has_sides = True

    baseline_run_id: str
    candidate_run_ids: list[str] = Field(min_length=1, max_length=1000)
    evaluator_version_ids: Defaulted[list[str]] = Field(default_factory=list, max_length=1000)
    missing: Defaulted[Missing] = "exclude"
    group_by: GroupBy


class GroupRow(Model):
    """One group of a comparison. P-values are adjusted over the groups of its table."""

    name: GroupName
    comparison: ComparisonRow


class GroupTable(Model):
    """A candidate against the baseline by one evaluator: all datapoints, and each group, in the order of groups."""

    run_id: str
    whole: ComparisonRow
    groups: list[GroupRow]


class GroupedComparison(CurrentRows):
    """The answer: a table for each candidate and evaluator, by candidate. `unpaired_groups` have no pairs in any."""

    tables: list[GroupTable]
    unpaired_groups: Defaulted[int] = 0


class RunFiguresQuestion(Question):
    """The figures of runs over the logs that meet the filter, in groups if asked."""

    group_by: GroupBy | None = None


class LogGroupFigures(Model):
    """The logs of a run in one group: how many, of how many datapoints, and the figures of each evaluator in order."""

    run_id: str
    logs_count: int
    failed_logs: int
    datapoints_count: int
    stats: list[EvaluatorFigures]


class LogGroup(Model):
    """One group of logs (without name: all), with the figures of each run."""

    name: GroupName | None = None
    runs: list[LogGroupFigures]


class ChosenRunFigures(CurrentRows):
    """The answer: the groups in order, each with all runs of the filter, oldest first."""

    groups: list[LogGroup]
