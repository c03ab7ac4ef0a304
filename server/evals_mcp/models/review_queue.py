"""Our extension: the review queue, which hands logs to reviewers. A label is a judgment by a human evaluator."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from evals_mcp.models.conditions import EvaluatorScale
from evals_mcp.models.datapoint_fields import Part
from evals_mcp.models.model import Defaulted, Model, UtcDatetime
from evals_mcp.models.questions import Question
from evals_mcp.models.rows import JudgmentRow, LogRow

ReviewReason = Literal["regression", "disagreement", "slice", "even"]
"""Why a log is handed out: its run lost against the reference run, evaluators disagree on it, people and judge disagree
in its slice, or it is the next of an even sample."""

ReviewOrder = Literal["auto", "regression", "disagreement", "slice", "even"]
"""Which logs to hand out: those with one reason, or `auto`, some with each reason and then an even sample."""

LEASE_MINUTES = 15
FIRST_OF_REASON = 20
"""With the order `auto`, so many logs are handed out for a reason before those for the next one."""

Reviewer = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class ReviewRequest(Question):
    """Who asks for a log, and for which one. `scales` tell how to read evaluators, as in `DatapointQuestion`.

    With `skip`, the log that the reviewer has is put back and another handed out. With `blind`, the answer has no
    judgments and no reason.
    """

    reviewer: Reviewer
    order: Defaulted[ReviewOrder] = "auto"
    scales: Defaulted[list[EvaluatorScale]] = Field(default_factory=list, max_length=1_000)
    skip: Defaulted[bool] = False
    blind: Defaulted[bool] = False
    characters: Defaulted[int] = Field(default=4_000, ge=0, le=1_000_000)


class ReviewSlice(Model):
    """The datapoints with a value of a field, where a judge gave what people gave on `agreed` of `labels` logs."""

    part: Part
    key: str
    value: str
    evaluator_version_id: str
    labels: int
    agreed: int


class ReviewDetail(Model):
    """What the reason of a log means: the evaluators of a regression and the reference run's log, or the slice."""

    evaluator_version_ids: Defaulted[list[str]] = Field(default_factory=list)
    baseline_run_id: str | None = None
    baseline_log_number: int | None = None
    slice: ReviewSlice | None = None


class ReviewItem(Model):
    """A log handed to a reviewer until `leased_until`. `baseline` is the reference run's log for the same datapoint.

    `is_sample` says that its label counts in the even sample of its run. A blind item has no reason and no judgments.
    """

    log: LogRow
    reason: ReviewReason | None = None
    detail: Defaulted[ReviewDetail] = Field(default_factory=ReviewDetail)
    baseline: LogRow | None = None
    is_sample: Defaulted[bool] = False
    leased_until: UtcDatetime


class JudgeProgress(Model):
    """How often a judge gave what a human evaluator gave: on `agreed` of the `logs` that both judged."""

    judge_version_id: str
    human_version_id: str
    logs: int
    agreed: int


class OptionProgress(Model):
    """How many logs have each judgment of a human evaluator, most first."""

    human_version_id: str
    options: list[tuple[str, int]]


class ReviewProgress(Model):
    """How far the review is: `labelled` of `logs`. `waiting` are with other reviewers, `skipped` by this one.

    All of them count logs, and a log that several runs have once.
    """

    logs: int
    labelled: int
    waiting: int
    skipped: int
    sample_labelled: int
    judges: list[JudgeProgress]
    options: list[OptionProgress]


class PreviousReview(Model):
    """The log that the reviewer labelled last, and its judgments."""

    log_id: str
    judgments: list[JudgmentRow]


class ReviewAnswer(Model):
    """The log to review; null if none is left for this request. `remaining` are free logs with the requested reason."""

    item: ReviewItem | None = None
    progress: ReviewProgress
    previous: PreviousReview | None = None
    asked_at: datetime
