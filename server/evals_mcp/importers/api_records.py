"""Convert answers of the API to records of an evaluation document. No requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import ValidationError

from evals_mcp.models.enums import EvaluationStatus
from evals_mcp.models.evaluation_document import (
    AttachedEvaluator,
    DatapointRecord,
    EvaluationRecord,
    FileRecord,
    JudgmentRecord,
    LogRecord,
    RunEvaluation,
    RunRecord,
    VersionRecord,
)
from evals_mcp.models.logs import log_kind
from evals_mcp.models.model import JsonObject, Model
from evals_mcp.models.usage import log_usage
from evals_mcp.models.version_contents import read_version_content

Read = TypeVar("Read", bound=Model)

ENDED = ("completed", "cancelled")
"""The statuses of runs on which a server does not work."""

_VERSION_TIMES = ("created_at", "updated_at", "last_used_at")
_LEFT_OUT = {"record", "run_ids", "trace_parent_id"}
_LOG_FIELDS = tuple(LogRecord.model_fields.keys() - _LEFT_OUT)
_JUDGMENT_FIELDS = tuple(JudgmentRecord.model_fields.keys() - _LEFT_OUT)
_OF_PROVIDER = ("provider_request", "provider_response")


class Unreadable(Exception):
    """Data that our models cannot represent. The text is the reason, to follow the id."""


class VersionKey(NamedTuple):
    """A version, with its name and its file's path."""

    version_id: Any
    path: Any
    name: Any


@dataclass(slots=True)
class ReadLog:
    """A log in a run with its judgments, and the versions of both in API form."""

    log: LogRecord
    judgments: list[JudgmentRecord] = field(default_factory=list)
    versions: list[JsonObject] = field(default_factory=list)
    datapoint: JsonObject | None = None
    lost_judgments: int = 0


def version_key(version: JsonObject) -> VersionKey:
    """The key of a version under its current name."""
    return VersionKey(version.get("version_id"), version.get("path"), version.get("version_name"))


def key_of(record: Any) -> str | None:
    """The id of a record in a list: its own, or its log's."""
    if not isinstance(record, dict):
        return None
    found = record["log"].get("id") if isinstance(record.get("log"), dict) else record.get("id")
    return found if isinstance(found, str) else None


def read_file(version: JsonObject, *, whole: bool = False) -> FileRecord:
    """The file of a version; with `whole`, as old as the version and with what describes it. Raises Unreadable."""
    about = ("description", "readme", "tags", "created_at") if whole else ()
    return _checked(FileRecord, _some(version, ("id", "type", "path", *about)))


def read_version(version: JsonObject, datapoint_ids: Sequence[str] = ()) -> VersionRecord:
    """A version; of a dataset, with its datapoints. Raises Unreadable."""
    file_type: Any = version.get("type")
    # Linked tools of a prompt would also have to be read, and no question needs them.
    content = {name: value for name, value in version.items() if name != "linked_tools"}
    if not content.get("tools"):
        content.pop("tools", None)  # a response lists none where the version says nothing
    try:
        content = read_version_content(file_type, content)
    except (ValidationError, KeyError):
        raise Unreadable(f"its version is not a known {file_type}") from None
    if file_type == "tool" and version.get("tool_type") is not None:
        content["tool_type"] = version["tool_type"]
    fields = {
        **_some(version, _VERSION_TIMES),
        "id": version.get("version_id"),
        "file_id": version.get("id"),
        "content": content,
        "datapoint_ids": list(datapoint_ids),
        "name": version.get("version_name"),
        "description": version.get("version_description") or version.get("commit_message"),
    }
    return _checked(VersionRecord, fields)


def is_readable(version: Any) -> bool:
    """Whether a version in API form can be stored with its file."""
    try:
        read_file(_object(version))
        read_version(version)
    except Unreadable:
        return False
    return True


def read_datapoint(datapoint: Any, dataset_id: str) -> DatapointRecord:
    """A datapoint of a dataset. Raises Unreadable."""
    return _checked(DatapointRecord, {**_object(datapoint), "record": "datapoint", "dataset_id": dataset_id})


def read_evaluation(evaluation: JsonObject, evaluators: Sequence[JsonObject], file_id: str | None) -> EvaluationRecord:
    """An evaluation with these evaluator versions. Raises Unreadable."""
    attached = [AttachedEvaluator(version_id=version["version_id"]) for version in evaluators]
    known = _some(evaluation, ("id", "name", "created_at", "updated_at"))
    return _checked(EvaluationRecord, {**known, "file_id": file_id, "evaluators": attached})


def read_attached(item: JsonObject, *, keeps_orchestrated: bool) -> AttachedEvaluator:
    """An attached evaluator as it is in an evaluation. Raises Unreadable."""
    orchestrated = keeps_orchestrated and item.get("orchestrated") is True
    fields = {"version_id": item["version"]["version_id"], "orchestrated": orchestrated}
    return _checked(AttachedEvaluator, {**fields, **_some(item, ("added_at", "for_review"))})


def read_run(run: JsonObject, evaluations: Sequence[RunEvaluation], dataset_version_id: str | None) -> RunRecord:
    """A run, with its version if that is readable. Raises Unreadable."""
    status = run.get("status")
    fields = {
        **_some(run, ("id", "created_at")),
        "evaluations": evaluations,
        "version_id": (run.get("version") or {}).get("version_id"),
        "dataset_version_id": dataset_version_id,
        "status": status if status in get_args(EvaluationStatus) else None,
        "reported_figures": run.get("reported_figures"),
        # An open run would get errors from the server for what it lacks.
        "orchestrated": run.get("orchestrated") is True and status in ENDED,
    }
    return _checked(RunRecord, fields)


def read_log(item: Any, run_id: str | None, *, whole: bool = False) -> ReadLog:
    """A log of an evaluation. Raises Unreadable for the log; drops unreadable judgments.

    Without `whole`, it lacks the requests to providers and their responses: they are large, and no question needs them.
    """
    log = _object(_object(item).get("log"))
    if not whole:
        log = {name: value for name, value in log.items() if name not in _OF_PROVIDER}
    kind = log_kind(log)
    if kind is None:
        raise Unreadable("its file type is unknown")
    version = {"type": kind, **_object(log[kind])}
    datapoint = item.get("datapoint") if isinstance(item.get("datapoint"), dict) else None
    fields = {
        **_some(log, _LOG_FIELDS),
        **_usage(log),
        "version_id": version.get("version_id"),
        "source_datapoint_id": datapoint.get("id") if datapoint else log.get("source_datapoint_id"),
        "run_ids": [] if run_id is None else [run_id],
    }
    found = ReadLog(_checked(LogRecord, fields), versions=[version], datapoint=datapoint)
    for judgment in item.get("evaluator_logs") or []:
        try:
            found.judgments.append(_judgment(judgment, found.log.id))
            found.versions.append({"type": "evaluator", **judgment["evaluator"]})
        except Unreadable:
            found.lost_judgments += 1
    return found


def _usage(log: JsonObject) -> JsonObject:
    """What a log used, also in the steps that the server lists with it. These are not read as logs."""
    steps = log.get("trace_children")
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return {}
    return {part: value for part, value in log_usage(log)._asdict().items() if value is not None}


def _judgment(log: Any, judged_log_id: str) -> JudgmentRecord:
    evaluator = _object(_object(log).get("evaluator"))
    named = {"evaluator_version_id": evaluator.get("version_id"), "judged_log_id": judged_log_id}
    return _checked(JudgmentRecord, {**_some(log, _JUDGMENT_FIELDS), **named})


def _some(document: Mapping[str, Any], names: Sequence[str]) -> JsonObject:
    return {name: document[name] for name in names if document.get(name) is not None}


def _object(value: Any) -> JsonObject:
    if not isinstance(value, dict):
        raise Unreadable("it is not as documented")
    return value


def _checked(model: type[Read], fields: JsonObject) -> Read:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors(include_url=False)[0]["loc"][:3])
        raise Unreadable(f"its {where} is not as documented") from None
