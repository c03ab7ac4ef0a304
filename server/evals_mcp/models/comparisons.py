"""Comparisons of runs: the question, and rows for its answer; computing them is in `evals_mcp.statistics`."""

from typing import Any, Literal

from pydantic import Field

from evals_mcp.models.judgments import Judgment
from evals_mcp.models.model import Defaulted, JsonObject, Model
from evals_mcp.models.review import DatapointLog, LogRow

Outcome = Literal["regressed", "improved", "changed", "same", "only_baseline", "only_candidate", "errors"]
"""Which datapoints to show: how the candidate's judgments differ, who alone has one, or where something failed."""

Measure = Literal["latency", "tokens", "cost"]
"""What logs tell of themselves: seconds, prompt and output tokens together, US dollars; lower is better."""


class ComparisonQuestion(Model):
    """Which runs of an evaluation to compare by which of its evaluators, and which datapoints to show.

    The datapoints are those of one candidate: `shown_run_id`, or without it the one whose comparisons tell most.
    """

    baseline_run_id: str
    candidate_run_ids: list[str] = Field(min_length=1, max_length=1000)
    evaluator_version_ids: list[str] = Field(max_length=1000)
    outcome: Defaulted[Outcome] = "regressed"
    shown_run_id: str | None = None
    limit: Defaulted[int] = Field(default=5, ge=0, le=1000)
    offset: Defaulted[int] = Field(default=0, ge=0, le=2**30)
    characters: Defaulted[int] = Field(default=20_000, ge=0, le=1_000_000)


class OptionRow(Model):
    """How often one option was chosen: shares of the paired datapoints; `adjusted_p` for several options only."""

    option: str
    baseline_share: float
    candidate_share: float
    difference: float
    adjusted_p: float | None = None


class ComparisonRow(Model):
    """A candidate against the baseline by one evaluator or measure; fields as in `statistics.results.Comparison`.

    `p_value` stands alone; `adjusted_p` is corrected over all judged comparisons of the answer (a measure's over all
    measured ones), and the verdict follows from it.
    """

    evaluator_version_id: str | None = None
    measure: Measure | None = None
    kind: str
    verdict: str
    pairs: int
    only_baseline: int
    only_candidate: int
    ignored: int
    averaged: bool
    baseline: float | None = None
    candidate: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    test: str | None = None
    p_value: float | None = None
    p_error: float | None = None
    adjusted_p: float | None = None
    better: int | None = None
    worse: int | None = None
    changed: int
    same: int
    pairs_needed: int | None = None
    options: Defaulted[list[OptionRow]] = Field(default_factory=list)


class Tally(Model):
    """What an evaluator said of a run's logs, in numbers of logs that have a datapoint.

    `other_type`: judged by a version of the evaluator that returns another type than the one attached.
    `version_ids` are the versions that judged; `constant` is the one judgment of all (at least two) judged logs.
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
    """A run in a comparison: its logs and datapoints; `shared` of them have a log in the baseline too.

    `unpaired_logs` have no datapoint, and are in no figure.
    """

    run_id: str
    logs: int
    failed_logs: int
    unpaired_logs: int
    datapoints: int
    shared: int
    tallies: list[Tally]


class ComparedCandidate(ComparedRun):
    """A candidate, with one comparison for each evaluator, and for each measure that both runs have."""

    comparisons: list[ComparisonRow]
    measures: list[ComparisonRow]


class ComparedDatapoint(Model):
    """A datapoint with the log of each run that shows most of the outcome, and the judgments of its other logs.

    `evaluators` are the versions by whose judgments it is here, the one that changed most first.
    """

    id: str
    inputs: Defaulted[JsonObject] = Field(default_factory=dict)
    messages: Defaulted[list[Any]] = Field(default_factory=list)
    target: JsonObject | None = None
    lengths: Defaulted[dict[str, int]] = Field(default_factory=dict)
    evaluators: list[str]
    baseline: LogRow | None = None
    candidate: LogRow | None = None
    other_logs: Defaulted[list[DatapointLog]] = Field(default_factory=list)


class Comparisons(Model):
    """The answer: every candidate in the order asked for, and a page of the datapoints of one of them.

    `total` counts the datapoints of `shown_run_id` that have the outcome asked for, the largest change first.
    """

    baseline: ComparedRun
    candidates: list[ComparedCandidate]
    shown_run_id: str
    datapoints: list[ComparedDatapoint]
    total: int
