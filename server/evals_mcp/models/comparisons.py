"""Comparisons of runs: the rows of their answer. `evals_mcp.statistics` computes them."""

from typing import Literal

from pydantic import Field

from evals_mcp.models.datapoint_fields import Part
from evals_mcp.models.judgments import Judgment
from evals_mcp.models.model import Defaulted, Model
from evals_mcp.models.rows import CurrentRows, DatapointLog, DatapointTexts, LogRow
from evals_mcp.models.version_changes import FieldChange

Measure = Literal["latency", "tokens", "cost"]
"""Measures of a log: seconds, prompt and output tokens together, US dollars. Lower is better."""


class OptionRow(Model):
    """How often one option was selected, as shares of the paired datapoints. `adjusted_p` only for several options."""

    option: str
    baseline_share: float
    candidate_share: float
    difference: float
    adjusted_p: float | None = None


class ComparisonRow(Model):
    """A candidate against the baseline by one evaluator or measure. Fields as in `statistics.results.Comparison`.

    `p_value` is uncorrected. `adjusted_p` is corrected over all evaluator comparisons of the family (or all measures)
    and decides the verdict. `passes`: it compares the evaluator's own verdicts, which stand beside its judgments.
    `errors` counts the datapoints with a failed log or a failed judgment of the evaluator in either run; null where
    it is not counted.
    """

    evaluator_version_id: str | None = None
    passes: Defaulted[bool] = False
    measure: Measure | None = None
    kind: str
    verdict: str
    pairs: int
    only_baseline: int
    only_candidate: int
    errors: int | None = None
    ignored: int
    averaged: bool
    baseline: float | None = None
    candidate: float | None = None
    difference: float | None = None
    baseline_deviation: float | None = None
    candidate_deviation: float | None = None
    low: float | None = None
    high: float | None = None
    test: str | None = None
    p_value: float | None = None
    p_error: float | None = None
    adjusted_p: float | None = None
    better: int | None = None
    worse: int | None = None
    higher: int | None = None
    lower: int | None = None
    changed: int
    same: int
    pairs_needed: int | None = None
    options: Defaulted[list[OptionRow]] = Field(default_factory=list)


class Tally(Model):
    """An evaluator's judgments in a run, as counts of logs with a datapoint.

    `other_type` counts judgments by a version with another return type than the attached one. `version_ids` are the
    versions that judged. `constant` is the judgment if all judged logs (at least two) have the same.
    """

    evaluator_version_id: str
    judged: int
    abstained: int
    failed: int
    missing: int
    other_type: int
    version_ids: list[str]
    constant: Judgment | None = None


class ComparedRun(Model):
    """A run in a comparison: its logs and datapoints. `shared` datapoints also have a log in the baseline.

    `independent_logs` tell the rate of failed logs as well as all do: fewer, if logs of one datapoint fail together;
    None if unknown. `unpaired_logs` have no datapoint and are excluded. `output_costs` counts the logs, not failed,
    that give only the cost of their output: these costs are compared only if no log of both runs gives both.
    """

    run_id: str
    logs: int
    failed_logs: int
    independent_logs: Defaulted[float | None] = None
    unpaired_logs: int
    output_costs: Defaulted[int] = 0
    datapoints: int
    shared: int
    tallies: list[Tally]

    @property
    def errors(self) -> tuple[float, float]:
        """The rate of failed logs, and how many independent logs tell it. Needs logs."""
        return self.failed_logs / self.logs, self.independent_logs or self.logs


class ComparedCandidate(ComparedRun):
    """A candidate with one comparison for each evaluator, and one for each measure and for passes that both runs have.

    `changes` tell what its version changed since the baseline's.
    """

    comparisons: list[ComparisonRow]
    passes: Defaulted[list[ComparisonRow]] = Field(default_factory=list)
    measures: list[ComparisonRow]
    changes: Defaulted[list[FieldChange]] = Field(default_factory=list)


class OtherRun(Model):
    """Another candidate's logs for a datapoint: how many, and the newest. It is null in a very large answer, too."""

    run_id: str
    logs: int
    log: LogRow | None = None


class ComparedDatapoint(DatapointTexts):
    """A datapoint with the log of each run that best shows the outcome, and the judgments of its other logs.

    `evaluators` are the versions with the outcome, largest change first. `other_runs` are the candidates that are not
    shown, in the requested order.
    """

    evaluators: list[str]
    baseline: LogRow | None = None
    candidate: LogRow | None = None
    other_logs: Defaulted[list[DatapointLog]] = Field(default_factory=list)
    other_runs: Defaulted[list[OtherRun]] = Field(default_factory=list)


class LocatedDifference(Model):
    """A group of datapoints in which a candidate's difference by an evaluator sits: a value of a field.

    `difference` is the mean over its `pairs`, `rest` that over the `others`. `adjusted_p` is over all groups that were
    looked at; `rest_p`, that the others differ, too, is uncorrected.
    """

    run_id: str
    evaluator_version_id: str
    part: Part
    key: str
    value: str
    pairs: int
    others: int
    difference: float
    rest: float
    rest_p: float
    adjusted_p: float


class CorrectedDifference(Model):
    """The difference of a candidate's rate of true that people would see, by an evaluator (a judge).

    The labels are those of the evaluator `human_version_id`. `method`: `labels`, which need nothing but an even sample;
    or `errors`, where the judge errs alike on both runs. No difference if neither tells. `label_error` is the part of
    the standard error that more labels would lower. `favour` is how much more often the judge says true of the
    candidate than of the baseline where people say the same. `examples` counts the labels that are left out, because
    the judge's prompt shows these logs as examples. `is_even` says that the labels are an even sample.
    """

    run_id: str
    evaluator_version_id: str
    human_version_id: str
    method: Literal["labels", "errors"]
    baseline_labels: int
    candidate_labels: int
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    label_error: float | None = None
    favour: float | None = None
    favour_p: float | None = None
    examples: Defaulted[int] = 0
    is_even: Defaulted[bool] = False


class IdenticalOutputs(Model):
    """How an evaluator judged the outputs that are identical in the baseline and a candidate, to the byte.

    `changed` of these `pairs` are judged differently. `difference` is the mean over them; None for options.
    `adjusted_p`, that the judgments did not move in one direction, is over all candidates and evaluators.
    """

    run_id: str
    evaluator_version_id: str
    pairs: int
    changed: int
    higher: int | None = None
    lower: int | None = None
    difference: float | None = None
    adjusted_p: float | None = None


class Comparisons(CurrentRows):
    """The answer: all candidates in the requested order, and a page of the datapoints of one of them.

    `total` counts the datapoints of `shown_run_id` with the requested outcome, which are sorted by largest change, and
    `offset` those before the page. `after` has, for each, the value of `ComparisonQuestion.following` to continue.
    `located` tells where differences sit, and `groupable` the fields that groups can be by. `corrected` are differences
    by judges, corrected by people's labels. `identical` tells how identical outputs are judged.
    `family_comparisons` and `family_measures` count the p-values of the two families, also those not in the answer.
    """

    baseline: ComparedRun
    candidates: list[ComparedCandidate]
    family_comparisons: Defaulted[int] = 0
    family_measures: Defaulted[int] = 0
    shown_run_id: str
    datapoints: list[ComparedDatapoint]
    total: int
    offset: int | None = None
    after: Defaulted[list[list[float]]] = Field(default_factory=list)
    located: Defaulted[list[LocatedDifference]] = Field(default_factory=list)
    groupable: Defaulted[list[str]] = Field(default_factory=list)
    corrected: Defaulted[list[CorrectedDifference]] = Field(default_factory=list)
    identical: Defaulted[list[IdenticalOutputs]] = Field(default_factory=list)
