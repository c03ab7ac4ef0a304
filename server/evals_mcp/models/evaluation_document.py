"""The evaluation document: files, runs, logs and judgments as a stream of records, whatever format they come from.

On the wire it is NDJSON, a record a line; in Python an iterator of records that is never held whole. `record` tells
the kinds apart. A record names others by their ids in the document, and comes after those that it names; a log's
judgments best follow it at once.

Ids are kept where they are free. Where the target already has the thing (a file at this path, a version or datapoint
of this content, an evaluation of this name), the document's id stands for the existing one; the target reports such
ids, and `with_ids` rewrites the records that come later.
"""

from collections.abc import AsyncIterable, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from evals_mcp.models.enums import EvaluationStatus, FileType, OpenLogStatus, OpenToolChoiceMode
from evals_mcp.models.judgments import Judgment
from evals_mcp.models.messages import ChatMessage, ToolChoice
from evals_mcp.models.model import Defaulted, Integer, JsonObject, Model, UtcDatetime

NDJSON = "application/x-ndjson"
"""The media type of a document on the wire."""

Id = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\w[\w.:~-]*$")]
"""What can stand in an address as it is."""

LogId = Annotated[str, Field(min_length=1, max_length=500)]
"""Ids of logs may hold anything, as those that callers choose."""

Kind = Literal["file", "version", "datapoint", "evaluation", "run", "log"]
"""What an id is of; evaluator logs are logs."""

Ids = Mapping[Kind, Mapping[str, str]]
"""By kind: ids in the document that stand for another id in the target."""

References = Mapping[str, Kind]
"""The fields of a record that name others, and the kind of what they name."""


class _Referring(Model):
    """What names others by id: `references` says in which fields, and of which kind."""

    references: ClassVar[References] = {}

    def with_ids(self, ids: Ids) -> Self:
        """The same, naming others as the target does."""
        if not ids:
            return self
        changes = {
            name: _renamed(getattr(self, name), ids[kind]) for name, kind in self.references.items() if ids.get(kind)
        }
        return self.model_copy(update=changes) if changes else self


class FileRecord(_Referring):
    """A prompt, tool, flow, agent, evaluator or dataset at a path."""

    record: Literal["file"] = "file"
    id: Id
    type: FileType
    path: str
    description: str | None = None
    readme: str | None = None
    tags: Defaulted[list[str]] = Field(default_factory=list)
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None


class DatapointRecord(_Referring):
    """A datapoint of a dataset, to be put into versions."""

    references: ClassVar[References] = {"dataset_id": "file"}

    record: Literal["datapoint"] = "datapoint"
    id: Id
    dataset_id: str
    inputs: Defaulted[JsonObject] = Field(default_factory=dict)
    messages: list[ChatMessage] | None = None
    target: JsonObject | None = None


class VersionRecord(_Referring):
    """A version of a file.

    `content` has the keys that identify it: of a prompt, tool, flow or agent those of its upsert request, of an
    evaluator `spec`, of a dataset perhaps `attributes`; a dataset's version also has `datapoint_ids`, in their order.
    """

    references: ClassVar[References] = {"file_id": "file", "datapoint_ids": "datapoint"}

    record: Literal["version"] = "version"
    id: Id
    file_id: str
    content: Defaulted[JsonObject] = Field(default_factory=dict)
    datapoint_ids: Defaulted[list[str]] = Field(default_factory=list)
    name: str | None = None
    description: str | None = None
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None
    last_used_at: UtcDatetime | None = None


class AttachedEvaluator(_Referring):
    """An evaluator's version attached to an evaluation; `orchestrated` if the server is to give its judgments."""

    references: ClassVar[References] = {"version_id": "version"}

    version_id: str
    orchestrated: Defaulted[bool] = False
    added_at: UtcDatetime | None = None


class EvaluationRecord(_Referring):
    """An evaluation, of a file or of none, with its evaluators in the order they were attached."""

    references: ClassVar[References] = {"file_id": "file", "evaluators": "version"}

    record: Literal["evaluation"] = "evaluation"
    id: Id
    name: str | None = None
    file_id: str | None = None
    evaluators: Defaulted[list[AttachedEvaluator]] = Field(default_factory=list)
    created_at: UtcDatetime | None = None
    updated_at: UtcDatetime | None = None


class RunEvaluation(_Referring):
    """An evaluation that has a run, and whether the run is its control."""

    references: ClassVar[References] = {"evaluation_id": "evaluation"}

    evaluation_id: str
    control: Defaulted[bool] = False
    added_at: UtcDatetime | None = None


class RunRecord(_Referring):
    """A run of a version over a dataset's version; runs of an evaluation come oldest first.

    `status` is one that somebody set; without it the status follows from logs and judgments. Logs of the document do
    not change it.
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


class _LoggedFields(_Referring):
    """What logs and judgments have alike: one call, its times (latency in seconds), and labels.

    Logs are ordered as the document has them. Where a load overwrites, a `number` that no other log has says their
    order instead: the highest is the newest.
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
    inputs: JsonObject | None = None
    stdout: str | None = None
    provider_request: JsonObject | None = None
    provider_response: JsonObject | None = None
    source: str | None = None
    metadata: JsonObject | None = None
    log_status: OpenLogStatus | None = None
    user: str | None = None
    environment: str | None = None
    save: bool | None = None


class LogRecord(_LoggedFields):
    """A log of a version, with the runs that have it; costs are in US dollars. Logs of a trace come parents first."""

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
    prompt_cost: float | None = None
    output_cost: float | None = None
    finish_reason: str | None = None


class JudgmentRecord(_LoggedFields):
    """An evaluator's log of another log: a null judgment is an abstention, `error` a failure; `output` explains it.

    Of several by one evaluator of one log, the last in the document counts.
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
    marked_completed: bool | None = None


class ClearRecord(_Referring):
    """Takes all logs out of a run that is there, and deletes those that no other run has with all that hangs on them.

    The document then brings the run's logs as they are now. An unknown run is left out. Only where a load overwrites.
    """

    references: ClassVar[References] = {"run_id": "run"}

    record: Literal["clear"] = "clear"
    run_id: str


Record = Annotated[
    FileRecord
    | DatapointRecord
    | VersionRecord
    | EvaluationRecord
    | RunRecord
    | LogRecord
    | JudgmentRecord
    | ClearRecord,
    Field(discriminator="record"),
]
"""One record of an evaluation document."""

EvaluationDocument = AsyncIterable[Record]
"""The records of a document in their order, made as they are asked for."""


class LoadedBatch(Model):
    """What became of a batch: how many records of each kind were new, and ids that stand for other ones."""

    added: dict[str, int]
    ids: dict[Kind, dict[str, str]]


def _renamed(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, ids) for item in value]
    if isinstance(value, _Referring):
        return value.with_ids(dict.fromkeys(value.references.values(), ids))
    return value if value is None else ids.get(value, value)
