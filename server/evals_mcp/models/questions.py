"""Questions about an evaluation, and their common filter. `rows` has the rows of the answers."""

from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator

from evals_mcp.models.conditions import (
    Asked,
    Condition,
    EvaluatorScale,
    FieldCondition,
    JudgmentCondition,
    PassCondition,
    PassCountCondition,
    PassRule,
    TextCondition,
    is_on_datapoint,
)
from evals_mcp.models.datapoint_fields import Part
from evals_mcp.models.model import Defaulted

LogSort = Literal["newest", "worst", "latency", "cost", "length"]
"""The order of logs: newest, worst judgment, highest latency, highest cost or longest output first."""

DatapointShow = Literal["all", "disagreement", "all_fail", "failed", "abstained", "missing"]
"""Which datapoints to list: all, those where runs or evaluators disagree, those that every run fails, or those with one
of three kinds of missing judgments."""

Outcome = Literal[
    "regressed", "improved", "higher", "lower", "changed", "same", "only_baseline", "only_candidate", "errors"
]
"""Which datapoints of a comparison to list: by how judgments differ, by which run has one, or by errors."""

Family = Literal["evaluation", "asked"]
"""The comparisons that a p-value is corrected over: of all runs with the baseline by all evaluators, or those asked."""

Missing = Literal["exclude", "fail"]
"""What a missing, abstained or failed judgment of a log counts as: nothing, or the worst judgment."""


class Filter(Asked):
    """The logs of a question: those that meet all given conditions.

    A datapoint meets the conditions on logs if one of its logs in the runs meets all of them. `text` searches the
    datapoint itself. Without `run_ids`, all runs count. `judgment`, `errors_only` and `text` are the conditions that an
    index or a cache answers; `conditions` are all others.
    """

    run_ids: list[str] | None = None
    datapoint_id: str | None = None
    judgment: JudgmentCondition | None = None
    errors_only: Defaulted[bool] = False
    text: str | None = None
    conditions: Defaulted[list[Condition]] = Field(default_factory=list, max_length=50)

    @property
    def tested_run_ids(self) -> list[str]:
        """The runs whose passing is a condition, in which logs need not be."""
        passing = [item for item in self.conditions if isinstance(item, PassCondition | PassCountCondition)]
        return list(dict.fromkeys(run_id for item in passing for run_id in item.run_ids))

    @property
    def passing_run_ids(self) -> list[str]:
        """The runs that conditions such as `passes=v2` name."""
        passing = [item for item in self.conditions if isinstance(item, PassCondition)]
        return list(dict.fromkeys(run_id for item in passing for run_id in item.run_ids))

    @property
    def reads_texts(self) -> bool:
        """Whether it searches in texts or metadata of logs. It takes long, and a run may not tell that they changed."""
        return bool(self.text) or any(
            isinstance(item, TextCondition) or (isinstance(item, FieldCondition) and item.part == "log_metadata")
            for item in self.conditions
        )

    @property
    def is_on_datapoints(self) -> bool:
        """Whether it chooses datapoints by themselves, whichever logs a run has; `text` then searches the datapoint."""
        return self.judgment is None and not self.errors_only and all(map(is_on_datapoint, self.conditions))

    def names(self) -> list[str]:
        """The given conditions, by field."""
        given = [name for name in type(self).model_fields if getattr(self, name) not in (None, False, "")]
        return given if self.conditions else [name for name in given if name != "conditions"]

    @property
    def is_by_outcomes(self) -> bool:
        """Whether it chooses datapoints of a comparison by what a run gave for them."""
        return any(item.side or not isinstance(item, FieldCondition) for item in self.conditions)


_OF_A_PAGE = ("limit", "offset", "following", "characters")


class Question(Asked):
    """Common to all questions. `characters` limits each text in the answer."""

    has_sides: ClassVar[bool] = False
    """Whether conditions can name the run of a comparison that they test."""

    filter: Defaulted[Filter] = Field(default_factory=Filter)

    @field_validator("filter")
    @classmethod
    def _sides_are_there(cls, filter: Filter) -> Filter:
        if not cls.has_sides and any(item.side for item in filter.conditions):
            raise ValueError("a condition names a `side`, which only a comparison has")
        return filter

    def without_page(self) -> Self:
        """The question without its page: equal for all pages of a list."""
        fields = type(self).model_fields
        return self.model_copy(update={name: fields[name].default for name in _OF_A_PAGE if name in fields})


class LogQuestion(Question):
    """The logs of an evaluation to show, and their order.

    `evaluator_version_id` is the evaluator for `worst` and for a sample. A `sample` is even across its judgments and
    not sorted. A page begins after the row that it is `following`.
    """

    evaluator_version_id: str | None = None
    sort: Defaulted[LogSort] = "newest"
    sample: Defaulted[bool] = False
    limit: Defaulted[int] = Field(default=10, ge=1, le=1000)
    following: list[float] | None = Field(default=None, min_length=1, max_length=3)
    characters: Defaulted[int] = Field(default=2_000, ge=0, le=1_000_000)


class DatapointQuestion(Question):
    """The datapoints of a dataset version to show, with their logs in the runs of the filter.

    Datapoints that only other dataset versions have follow, in the order of these. A page begins at `offset`, or after
    the datapoint that it is `following`: judgments that are written between two pages take datapoints out of the list.
    `show` uses the judgments of the evaluators in `scales`. With an `evaluator_version_id`, a disagreement is between
    judgments of that one, or of that one and another.
    """

    dataset_version_id: str
    other_dataset_version_ids: Defaulted[list[str]] = Field(default_factory=list)
    show: Defaulted[DatapointShow] = "all"
    evaluator_version_id: str | None = None
    scales: Defaulted[list[EvaluatorScale]] = Field(default_factory=list)
    limit: Defaulted[int] = Field(default=20, ge=1, le=1000)
    offset: Defaulted[int] = Field(default=0, ge=0, le=2**30)
    following: str | None = None
    characters: Defaulted[int] = Field(default=600, ge=0, le=1_000_000)

    @property
    def dataset_version_ids(self) -> list[str]:
        """Its dataset versions, in order."""
        return [self.dataset_version_id, *self.other_dataset_version_ids]


class ClusterField(Asked):
    """A field of datapoints whose values are the clusters of errors. `key` is as in `FieldCondition`."""

    part: Part
    key: Defaulted[str] = Field(default="", max_length=1_000)


class AgreementQuestion(Question):
    """Whether evaluators agree on the logs of the filter. Errors are by datapoint, or by the values of a field."""

    cluster: ClusterField | None = None


class RelationQuestion(Question):
    """How judgments relate to other numbers of the logs of the filter."""


class RepeatQuestion(Question):
    """How the logs of one datapoint in a run differ, among those of the filter; by one evaluator, or by all."""

    evaluator_version_id: str | None = None


class RankingQuestion(Question):
    """The ranks of runs on the logs of the filter, by one evaluator, or by all that have a direction."""

    evaluator_version_id: str | None = None


class FailureQuestion(Question):
    """The failing logs of the filter, in groups of alike texts. `rule` tells which logs fail."""

    rule: Defaulted[PassRule] = Field(default_factory=PassRule)


class ComparisonQuestion(Question):
    """The runs and evaluators to compare, and the datapoints to show.

    The filter selects datapoints, so it can only have conditions on these. The datapoints belong to one candidate:
    `shown_run_id`, else the one with the clearest differences. A page begins at `offset`, or after what it is
    `following`: judgments may change the list between two pages. The `family` decides the correction of p-values.
    """

    has_sides = True

    baseline_run_id: str
    candidate_run_ids: list[str] = Field(min_length=1, max_length=1000)
    evaluator_version_ids: list[str] = Field(max_length=1000)
    family: Defaulted[Family] = "evaluation"
    missing: Defaulted[Missing] = "exclude"
    outcome: Defaulted[Outcome] = "regressed"
    shown_run_id: str | None = None
    limit: Defaulted[int] = Field(default=5, ge=0, le=1000)
    offset: Defaulted[int] = Field(default=0, ge=0, le=2**30)
    following: list[float] | None = Field(default=None, min_length=3, max_length=1003)
    characters: Defaulted[int] = Field(default=20_000, ge=0, le=1_000_000)
