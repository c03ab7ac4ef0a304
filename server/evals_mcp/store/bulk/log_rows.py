"""Build rows of logs and judgments from records, with references looked up for a whole batch. Writes nothing."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, RowMapping, select

from evals_mcp.errors import Conflict, Invalid
from evals_mcp.models.evaluation_document import JudgmentRecord, LogRecord
from evals_mcp.store.bulk.batch import Batch, Numbered, find_type, unknown
from evals_mcp.store.database.identity import digest
from evals_mcp.store.database.many import among
from evals_mcp.store.database.tables import logs, runs
from evals_mcp.store.files.versions import Version, versions_by_id
from evals_mcp.store.logs.judgments import check_judgment, is_by_person
from evals_mcp.store.logs.rows import COLUMN_FIELDS, log_values

LoggedRecord = LogRecord | JudgmentRecord
LogRow = dict[str, Any]

_JUDGING_TYPES = ("evaluator",)
_LOGGED_TYPES = ("prompt", "flow", "tool", "agent")
_EMPTY: LogRow = dict.fromkeys(COLUMN_FIELDS) | {"log_status": "complete", "inputs": {}, "extra": {}}
_FREE_JSON = ("inputs", "messages", "output_message", "extra")
_MODELS = frozenset({"messages", "output_message", "tool_choice"})
_MEASURES = (
    "provider_latency",
    "prompt_tokens",
    "reasoning_tokens",
    "output_tokens",
    "cached_tokens",
    "prompt_cost",
    "output_cost",
)
_NAMES = {"judged_log_number": "judged_log_id", "trace_parent_number": "trace_parent_id", "extra": "labels"}


class _Numbers(NamedTuple):
    """The numbers of a log, of the log it judges, and of its trace root."""

    own: int
    judged: int | None
    root: int | None


class LogRows:
    """The references of a batch, and the existing ones of its records.

    `before` has the existing rows by id; `runs` has the referenced runs.
    """

    def __init__(self, batch: Batch, records: Numbered[LoggedRecord]) -> None:
        self._batch = batch
        self._versions = versions_by_id(batch.connection, sorted({_version_id(record) for _, record in records}))
        self.before = _read_logs(batch.connection, {record.id for _, record in records})
        self.runs = _read_runs(batch.connection, records)
        self._numbers = {id: _numbers(row) for id, row in self.before.items()}
        named = {id for _, record in records for id in _named_logs(record)}
        own = {record.id for _, record in records}
        self._numbers |= _read_numbers(batch.connection, named - own)

    def version(self, record: LoggedRecord) -> Version:
        """The version of a record. Raises NotFound."""
        types = _JUDGING_TYPES if record.record == "judgment" else _LOGGED_TYPES
        version_id = _version_id(record)
        return find_type(self._versions.get(version_id), version_id, types)

    def row(self, record: LoggedRecord) -> LogRow:
        """The row of a record, without a number. Raises NotFound for references, and Invalid for bad values."""
        version = self.version(record)
        fields = _fields(record)
        if not self._batch.overwrite:  # else a copy of another server, which may hold others
            _require_measures(record.id, fields)
        parent = None if record.trace_parent_id is None else self._find(record.trace_parent_id)
        return {
            **_EMPTY,
            "created_at": self._batch.now,
            **log_values(fields | self._author(record, version)),
            "id": record.id,
            "file_id": version.file_id,
            "version_id": version.id,
            "judged_log_number": self._judged(record, version),
            "trace_parent_number": None if parent is None else parent.own,
            "trace_root_number": None if parent is None else parent.root or parent.own,
            "datapoint_id": record.source_datapoint_id,
        }

    def require_runs(self, record: LoggedRecord) -> list[str]:
        """The ids of a record's runs, each once; none for a judgment. Raises NotFound."""
        if record.record == "judgment" or not record.run_ids:
            return []
        for run_id in record.run_ids:
            if run_id not in self.runs:
                raise unknown("run", run_id)
        return list(dict.fromkeys(record.run_ids))

    def add(self, row: LogRow) -> None:
        """Remember a row with its number."""
        self.before[row["id"]] = row
        self._numbers[row["id"]] = _numbers(row)

    def _author(self, record: LoggedRecord, version: Version) -> dict[str, str]:
        """The user of a judgment that names none: the stored one if it exists, else the person who loads it, if known.

        So a person's judgments can be loaded again by whoever has the file. Records that overwrite are as they are.
        """
        person = self._batch.person
        if self._batch.overwrite or record.user is not None or record.record == "log":
            return {}
        before = self.before.get(record.id)
        user = person if before is None else before["extra"].get("user")
        return {"user": user} if user and is_by_person(version.content["spec"]) else {}

    def _judged(self, record: LoggedRecord, version: Version) -> int | None:
        if record.record == "log":
            return None
        if record.judgment is not None and record.error is None:
            spec, judgment = version.content["spec"], record.judgment
            if self._batch.overwrite:  # a copy of another server, which may hold other numbers and repeated options
                is_number = spec["return_type"] == "number"
                spec = {**spec, "number_limits": None, "options": None if is_number else spec.get("options")}
                judgment = list(dict.fromkeys(judgment)) if isinstance(judgment, list) else judgment
            check_judgment(judgment, spec, ("body", "judgment"))
        judged = self._find(record.judged_log_id)
        if judged.judged is not None:
            raise Invalid(f"Log `{record.judged_log_id}` is itself a judgment.", ("body", "judged_log_id"))
        return judged.own

    def _find(self, log_id: str) -> _Numbers:
        if log_id not in self._numbers:
            raise unknown("log", log_id)
        return self._numbers[log_id]


def differences(record: LoggedRecord, row: LogRow, before: Mapping[str, Any]) -> list[str]:
    """The fields in which an existing log differs from a record. Ignores times that the record omits.

    Raises Conflict if only one of the two is a judgment.
    """
    if (row["judged_log_number"] is None) != (before["judged_log_number"] is None):
        there = "log" if before["judged_log_number"] is None else "judgment"
        raise Conflict(f"`{record.id}` already exists as a {there}.")
    return [
        _NAMES.get(name, name)
        for name, value in row.items()
        if not (name == "created_at" and record.created_at is None)
        and name not in ("number", "trace_root_number")
        and not _same(name, value, before[name])
    ]


def _same(name: str, value: Any, before: Any) -> bool:
    if value != before:
        return False
    if name == "judgment":
        return isinstance(value, bool) == isinstance(before, bool)  # 3.0 is 3 here, because SQLite keeps it so
    return name not in _FREE_JSON or digest(value) == digest(before)


def _require_measures(log_id: str, fields: Mapping[str, Any]) -> None:
    """Raise Invalid for a negative latency, number of tokens or cost."""
    for field in _MEASURES:
        if field in fields and fields[field] < 0:
            raise Invalid(f"`{field}` of log `{log_id}` is negative. Give 0 or more, or omit it.", ("body", field))


def _fields(record: LoggedRecord) -> dict[str, Any]:
    """The non-null fields of a record, as JSON values and datetimes. Much faster than dumping it."""
    fields = {name: value for name, value in vars(record).items() if value is not None}
    if nested := fields.keys() & _MODELS:
        fields |= record.model_dump(include=nested, exclude_none=True)
    return fields


def _version_id(record: LoggedRecord) -> str:
    return record.evaluator_version_id if record.record == "judgment" else record.version_id


def _named_logs(record: LoggedRecord) -> Iterable[str]:
    if record.record == "judgment":
        yield record.judged_log_id
    if record.trace_parent_id is not None:
        yield record.trace_parent_id


def _read_logs(connection: Connection, ids: set[str]) -> dict[str, LogRow]:
    rows = connection.execute(select(logs).where(among(connection, logs.c.id, ids))).mappings()
    return {row["id"]: dict(row) for row in rows}


def _read_numbers(connection: Connection, ids: set[str]) -> dict[str, _Numbers]:
    columns = (logs.c.id, logs.c.number, logs.c.judged_log_number, logs.c.trace_root_number)
    rows = connection.execute(select(*columns).where(among(connection, logs.c.id, ids))).mappings()
    return {row["id"]: _numbers(row) for row in rows}


def _read_runs(connection: Connection, records: Numbered[LoggedRecord]) -> dict[str, Row[Any]]:
    ids = {run_id for _, record in records if record.record == "log" for run_id in record.run_ids}
    return {row.id: row for row in connection.execute(select(runs).where(runs.c.id.in_(ids)))}


def _numbers(row: RowMapping | Mapping[str, Any]) -> _Numbers:
    return _Numbers(row["number"], row["judged_log_number"], row["trace_root_number"])
