"""Questions about an evaluation, and the filter that they share; the rows of their answers are in `rows`."""

from typing import Literal, Self

from pydantic import ConfigDict, Field

from evals_mcp.models.judgments import JudgmentState
from evals_mcp.models.model import Defaulted, Model

LogSort = Literal["newest", "worst", "latency", "cost", "length"]
"""Which logs come first: the newest, the worst judged, those of highest latency or cost, or of the longest output."""

DatapointShow = Literal["all", "disagreement", "all_fail", "failed", "abstained", "missing"]
"""Which datapoints are listed: all, those where runs or evaluators disagree, those that every run fails, or those that
lack a judgment in one of three ways."""

Outcome = Literal["regressed", "improved", "changed", "same", "only_baseline", "only_candidate", "errors"]
"""Which datapoints of a comparison are listed: by how the judgments differ, which run alone has one, or errors."""


class _Asked(Model):
    """What is asked; a key that is not known is refused, since without it the answer would be to something else."""

    model_config = ConfigDict(extra="forbid")


class JudgmentCondition(_Asked):
    """What a judgment must be: by one evaluator (else by any), in a state, and if judged with this value.

    The value is a boolean, an option (of several, one of them), or a number within all bounds that are set.
    """

    evaluator_version_id: str | None = None
    state: Defaulted[JudgmentState] = "judged"
    boolean: bool | None = None
    label: str | None = None
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None


class Filter(_Asked):
    """Which logs a question is about: those that meet every condition that is set.

    A datapoint meets a condition on logs if one of its logs in the runs meets all of them; `text` is searched for in
    the datapoint itself. Without `run_ids` every run counts.
    """

    run_ids: list[str] | None = None
    datapoint_id: str | None = None
    judgment: JudgmentCondition | None = None
    errors_only: Defaulted[bool] = False
    text: str | None = None

    def names(self) -> list[str]:
        """The conditions that are set, by their fields."""
        return [name for name in type(self).model_fields if getattr(self, name) not in (None, False, "")]


_OF_A_PAGE = ("limit", "offset", "following", "characters")


class Question(_Asked):
    """What every question has; `characters`, where it has that, is how much of each text is needed."""

    filter: Defaulted[Filter] = Field(default_factory=Filter)

    def without_page(self) -> Self:
        """The question with nothing said of its page: the same for all pages of a list."""
        fields = type(self).model_fields
        return self.model_copy(update={name: fields[name].default for name in _OF_A_PAGE if name in fields})


class LogQuestion(Question):
    """Which logs of an evaluation to show, in which order.

    `evaluator_version_id` is the evaluator that `worst` and a sample go by. A `sample` is an even one across its
    judgments, and not sorted.
    """

    evaluator_version_id: str | None = None
    sort: Defaulted[LogSort] = "newest"
    sample: Defaulted[bool] = False
    limit: Defaulted[int] = Field(default=10, ge=1, le=1000)
    following: list[float] | None = Field(default=None, min_length=1, max_length=2)
    characters: Defaulted[int] = Field(default=2_000, ge=0, le=1_000_000)


class EvaluatorScale(_Asked):
    """How judgments of an evaluator are read: the range of its numbers, and whether it can say that a log fails.

    Without a range its numbers neither disagree nor fail.
    """

    evaluator_version_id: str
    low: float | None = None
    high: float | None = None
    can_fail: Defaulted[bool] = True


class DatapointQuestion(Question):
    """Which datapoints of a dataset version to show, with their logs in the runs of the filter.

    `show` goes by the judgments of the evaluators in `scales`.
    """

    dataset_version_id: str
    show: Defaulted[DatapointShow] = "all"
    scales: Defaulted[list[EvaluatorScale]] = Field(default_factory=list)
    limit: Defaulted[int] = Field(default=20, ge=1, le=1000)
    offset: Defaulted[int] = Field(default=0, ge=0, le=2**30)
    characters: Defaulted[int] = Field(default=600, ge=0, le=1_000_000)


class ComparisonQuestion(Question):
    """Which runs of an evaluation to compare by which of its evaluators, and which datapoints to show.

    The filter chooses datapoints, so only conditions on these can be set. The datapoints shown are those of one
    candidate: `shown_run_id`, or without it the one whose comparisons tell most.
    """

    baseline_run_id: str
    candidate_run_ids: list[str] = Field(min_length=1, max_length=1000)
    evaluator_version_ids: list[str] = Field(max_length=1000)
    outcome: Defaulted[Outcome] = "regressed"
    shown_run_id: str | None = None
    limit: Defaulted[int] = Field(default=5, ge=0, le=1000)
    offset: Defaulted[int] = Field(default=0, ge=0, le=2**30)
    characters: Defaulted[int] = Field(default=20_000, ge=0, le=1_000_000)
