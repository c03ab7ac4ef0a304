"""Logs from traces: create and complete them and add them to runs. Refuses only what cannot be stored. No HTTP."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from evals_mcp.store.database.database import Database
from evals_mcp.store.database.identity import derived_id
from evals_mcp.store.database.tables import logs
from evals_mcp.store.files.versions import find_file
from evals_mcp.store.logs.logs import CreatedLog, LogTarget, create_log, find_any_run, runs_with, update_log
from evals_mcp.store.logs.run_logs import link_existing_logs


class LogRecord(NamedTuple):
    """A log in a trace: type of its file, version, fields, run, and the ids of trace and span."""

    file_type: str
    target: LogTarget
    fields: Mapping[str, Any]
    run_id: str | None
    span: tuple[str, str] | None


class Traces:
    """Stores traces. Tracing clients ignore errors and may send a trace again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, records: Sequence[LogRecord]) -> list[CreatedLog]:
        """Create logs from traces, or update those that `log_id` names: all or none.

        A complete log stays unchanged, and an unknown trace parent is ignored. Raises NotFound for an unknown file,
        version or run, and for a log of another type.
        """
        with self._database.write() as connection:
            now = self._database.now()
            return [_record_log(connection, record, now) for record in records]


def _record_log(connection: Connection, record: LogRecord, now: datetime) -> CreatedLog:
    fields = dict(record.fields)
    parent_id = fields.get("trace_parent_id")
    if parent_id is not None and connection.execute(_by_id(parent_id)).first() is None:
        fields["trace_parent_id"] = None
    if "log_id" not in fields and record.span is not None:
        fields["log_id"] = derived_id("log", *record.span)
    log_id = fields.get("log_id")
    row = None if log_id is None else connection.execute(_by_id(log_id)).first()
    if row is None:
        finished = {"log_status": "complete", **fields}  # a span is sent when its call has ended
        return create_log(connection, record.file_type, record.target, finished, now, record.run_id)
    find_file(connection, row.file_id, types=[record.file_type])
    if row.log_status != "complete":
        update_log(connection, row, fields, now, final=False)
    elif row.datapoint_id is None:
        datapoint = {"source_datapoint_id": fields.get("source_datapoint_id")}
        update_log(connection, row, datapoint, now, final=False)
    run = None if record.run_id is None else find_any_run(connection, record.run_id)
    if run is not None and run.set_status != "cancelled":
        link_existing_logs(connection, run, [row.number], now)
    run_ids = tuple(runs_with(connection, row.number))
    return CreatedLog(row.id, row.file_id, row.version_id, fields.get("log_status"), run_ids=run_ids)


def _by_id(log_id: str) -> Select[Any]:
    return select(logs).where(logs.c.id == log_id)
