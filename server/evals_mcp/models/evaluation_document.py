"""The evaluation document: files, runs, logs and judgments as a stream of records, from any format.

In transit it is NDJSON, one record per line. In Python it is an iterator of records that is never held whole. `record`
tells the kinds apart. A record refers to others by their ids in the document, and comes after them. A log's judgments
should follow it immediately.

The target keeps free ids. If it already has the thing (a file at this path, a version or datapoint with this content,
an evaluation with this name), the document's id stands for the existing one. The target reports such ids, and
`with_ids` rewrites later records.
"""

from collections.abc import AsyncIterable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from evals_mcp.models.enums import EvaluationStatus, FileType, OpenEnvironmentTag, OpenLogStatus, OpenToolChoiceMode
from evals_mcp.models.judgments import Judgment, Samples
from evals_mcp.models.messages import ChatMessage, ToolChoice
from evals_mcp.models.model import Defaulted, Integer, JsonObject, StoredObject, UtcDatetime
from evals_mcp.models.referring import Created, References, Referring
from evals_mcp.models.reported_figures import ReportedFigure
from evals_mcp.models.review_queue import Reviewer, ReviewReason, ReviewSlice

Id = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\w[\w.:~-]*$")]
"""Characters that need no escaping in an address."""

LogId = Annotated[str, Field(min_length=1)]
"""Log ids may contain anything, because callers choose them. Some that are stored have more than 500 characters."""


class _PathFields(Referring):
    """Common to files and directories: what stands at a path."""

    id: Id
    path: str
    description: str | None = None
    readme: str | None = None
    tags: Defaulted[list[str]] = Field(default_factory=list)
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None


class FileRecord(_PathFields):
    """A prompt, tool, flow, agent, evaluator or dataset at a path. Once deleted, it only serves old runs and logs.

    `monitors` has the evaluators that monitor it, by the target's ids.
    """

    record: Literal["file"] = "file"
    type: FileType
    monitors: list[JsonObject] | None = None
    deleted_at: UtcDatetime | None = None


class DatapointRecord(Referring):
    """A datapoint of a dataset, for use in versions."""

    references: ClassVar[References] = {"dataset_id": "file"}

    record: Literal["datapoint"] = "datapoint"
    id: Id
    dataset_id: str
    inputs: Defaulted[JsonObject] = Field(default_factory=dict)
    messages: list[ChatMessage] | None = None
    target: JsonObject | None = None
    metadata: JsonObject | None = None
    tags: list[str] | None = None


class VersionRecord(Created):
    """A version of a file.

    `content` has the keys that identify it: those of the upsert request for a prompt, tool, flow or agent, `spec` for
    an evaluator, optionally `attributes` for a dataset. A dataset version also has `datapoint_ids`, in order. With
    `keeps_id`, a version with the same content does not take its place.
    """

    references: ClassVar[References] = {"file_id": "file", "datapoint_ids": "datapoint"}

    record: Literal["version"] = "version"
    id: Id
    file_id: str
    content: Defaulted[JsonObject] = Field(default_factory=dict)
    datapoint_ids: Defaulted[list[str]] = Field(default_factory=list)
    keeps_id: Defaulted[bool] = False
    name: str | None = None
    description: str | None = None
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None
    last_used_at: UtcDatetime | None = None
    deleted_at: UtcDatetime | None = None


class DeploymentRecord(Referring):
    """The version of a file that is deployed to an environment, which is created if the target lacks it.

    A deployment that somebody made in the target stays, unless the load overwrites. None removes the deployment.
    """

    references: ClassVar[References] = {"file_id": "file", "version_id": "version"}

    record: Literal["deployment"] = "deployment"
    file_id: str
    version_id: str | None = None
    environment_id: Id
    environment_name: Annotated[str, Field(min_length=1, max_length=200)]
    environment_tag: Defaulted[OpenEnvironmentTag] = "other"
    environment_created_at: UtcDatetime | None = None
    created_at: UtcDatetime | None = None


class DirectoryRecord(_PathFields):
    """A directory, of use where it is empty or described: directories of files come with these."""

    record: Literal["directory"] = "directory"


class AttachedEvaluator(Referring):
    """An evaluator version attached to an evaluation. `orchestrated` if the server should judge with it.

    `for_review` if labels brought it, so that no run waits for its judgments.
    """

    references: ClassVar[References] = {"version_id": "version"}

    version_id: str
    orchestrated: Defaulted[bool] = False
    for_review: Defaulted[bool] = False
    added_at: UtcDatetime | None = None


class EvaluationRecord(Created):
    """An evaluation, with or without a file, and its evaluators in attachment order."""

    references: ClassVar[References] = {"file_id": "file", "evaluators": "version"}

    record: Literal["evaluation"] = "evaluation"
    id: Id
    name: str | None = None
    file_id: str | None = None
    evaluators: Defaulted[list[AttachedEvaluator]] = Field(default_factory=list)
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None


class RunEvaluation(Referring):
    """An evaluation of a run, and whether the run is its control."""

    references: ClassVar[References] = {"evaluation_id": "evaluation"}

    evaluation_id: str
    control: Defaulted[bool] = False
    added_at: UtcDatetime | None = None


class RunRecord(Created):
    """A run of a version over a dataset version. Runs of an evaluation come oldest first.

    `status` is set explicitly; without it, the status follows from logs and judgments. Logs in the document do not
    change it. `reported_figures` are those of the tool that made the run.
    """

    references: ClassVar[References] = {
        "evaluations": "evaluation",
        "version_id": "version",
        "dataset_version_id": "version",
    }

    record: Literal["run"] = "run"
    id: Id
    evaluations: list[RunEvaluation]
    version_id: str | None = None
    dataset_version_id: str | None = None
    orchestrated: Defaulted[bool] = False
    status: EvaluationStatus | None = None
    created_at: UtcDatetime | None = None
    reported_figures: list[ReportedFigure] | None = None


class _LoggedFields(Referring):
    """Common to logs and judgments: one call, its times (latency in seconds), and labels.

    Logs keep the order of the document. If a load overwrites, a unique `number` gives the order instead: the highest is
    the newest.
    """

    id: LogId
    number: Integer | None = None
    trace_parent_id: str | None = None
    source_datapoint_id: str | None = None
    created_at: UtcDatetime | None = None
    start_time: UtcDatetime | None = None
    end_time: UtcDatetime | None = None
    provider_latency: float | None = None
    output: str | None = None
    output_message: ChatMessage | None = None
    error: str | None = None
    inputs: StoredObject | None = None
    stdout: str | None = None
    provider_request: StoredObject | None = None
    provider_response: StoredObject | None = None
    source: str | None = None
    metadata: StoredObject | None = None
    log_status: OpenLogStatus | None = None
    user: str | None = None
    environment: str | None = None
    save: bool | None = None
    session_id: str | None = None
    session_reference_id: str | None = None
    parent_reference_id: str | None = None
    reference_id: str | None = None
    feedback: Any = None


class LogRecord(_LoggedFields):
    """A log of a version, with its runs. Costs are in US dollars. In a trace, parents come first."""

    references: ClassVar[References] = {
        "version_id": "version",
        "run_ids": "run",
        "source_datapoint_id": "datapoint",
        "trace_parent_id": "log",
    }

    record: Literal["log"] = "log"
    version_id: str
    run_ids: Defaulted[list[str]] = Field(default_factory=list)
    messages: list[ChatMessage] | None = None
    tool_choice: OpenToolChoiceMode | ToolChoice | None = None
    prompt_tokens: Integer | None = None
    reasoning_tokens: Integer | None = None
    output_tokens: Integer | None = None
    cached_tokens: Integer | None = None
    prompt_cost: float | None = None
    output_cost: float | None = None
    finish_reason: str | None = None


class JudgmentRecord(_LoggedFields):
    """An evaluator's log of another log. A null judgment is an abstention; `error` is a failure; `output` explains.

    If an author (`user`) judges a log several times with an evaluator, the last one in the document counts. Tokens and
    costs are those of the judge. `samples` are the judgments that this one sums up.
    """

    references: ClassVar[References] = {
        "evaluator_version_id": "version",
        "judged_log_id": "log",
        "source_datapoint_id": "datapoint",
        "trace_parent_id": "log",
    }

    record: Literal["judgment"] = "judgment"
    evaluator_version_id: str
    judged_log_id: str
    judgment: Judgment | None = None
    score: float | None = None
    passed: bool | None = None
    threshold: float | None = None
    samples: Samples | None = None
    marked_completed: bool | None = None
    prompt_tokens: Integer | None = None
    reasoning_tokens: Integer | None = None
    output_tokens: Integer | None = None
    cached_tokens: Integer | None = None
    prompt_cost: float | None = None
    output_cost: float | None = None


class ReviewItemRecord(Referring):
    """A log that was handed to a reviewer in an evaluation, and why; see `ReviewItem`. It comes after its logs."""

    references: ClassVar[References] = {
        "evaluation_id": "evaluation",
        "run_id": "run",
        "log_id": "log",
        "evaluator_version_ids": "version",
        "baseline_run_id": "run",
        "baseline_log_id": "log",
    }

    record: Literal["review_item"] = "review_item"
    evaluation_id: str
    run_id: str
    log_id: str
    reviewer: Reviewer
    reason: ReviewReason
    evaluator_version_ids: Defaulted[list[str]] = Field(default_factory=list)
    baseline_run_id: str | None = None
    baseline_log_id: str | None = None
    slice: ReviewSlice | None = None
    sample_rank: Integer | None = None
    handed_out_at: UtcDatetime
    leased_until: UtcDatetime
    skipped: Defaulted[bool] = False


class ClearRecord(Referring):
    """Removes all logs from an existing run, and deletes those in no other run with all their dependants.

    The document then supplies the run's current logs. An unknown run is ignored. Needs a load that overwrites.
    """

    references: ClassVar[References] = {"run_id": "run"}

    record: Literal["clear"] = "clear"
    run_id: str


Record = Annotated[
    DirectoryRecord
    | FileRecord
    | DatapointRecord
    | VersionRecord
    | DeploymentRecord
    | EvaluationRecord
    | RunRecord
    | LogRecord
    | JudgmentRecord
    | ReviewItemRecord
    | ClearRecord,
    Field(discriminator="record"),
]
"""One record of an evaluation document."""

EvaluationDocument = AsyncIterable[Record]
"""The records of a document in order, produced on demand."""
