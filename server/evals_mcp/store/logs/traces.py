"""Logs from traces: create and complete them and add them to runs. Refuses only what cannot be stored. No HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from evals_mcp.models.ids import derived_id
from evals_mcp.otel.traced_logs import TracedLog
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import logs
from evals_mcp.store.files.versions import find_file
from evals_mcp.store.logs.logs import CreatedLog, LogTarget, create_log, update_log
from evals_mcp.store.logs.lookups import find_any_run, runs_with
from evals_mcp.store.logs.run_logs import link_existing_logs


class Traces(Repository):
    """Stores traces. Tracing clients ignore errors and may send a trace again."""

    def record(self, traced: Sequence[TracedLog]) -> list[CreatedLog]:
        """Create logs from traces, or update those that `log_id` names: all or none.

        A complete log stays unchanged, and an unknown trace parent is ignored. Raises NotFound for an unknown file,
        version or run, and for a log of another type.
        """
        with self._database.write() as connection:
            now = self._database.now()
            return [_record_log(connection, log, now) for log in traced]


def _record_log(connection: Connection, log: TracedLog, now: datetime) -> CreatedLog:
    fields = dict(log.fields)
    parent_id = fields.get("trace_parent_id")
    if parent_id is not None and connection.execute(_by_id(parent_id)).first() is None:
        fields["trace_parent_id"] = None
    if "log_id" not in fields and log.trace_id is not None and log.span_id is not None:
        fields["log_id"] = derived_id("log", log.trace_id, log.span_id)
    log_id = fields.get("log_id")
    row = None if log_id is None else connection.execute(_by_id(log_id)).first()
    if row is None:
        target = LogTarget(file_id=log.file_id, path=log.path, kernel=log.kernel)
        finished = {"log_status": "complete", **fields}  # a span is sent when its call has ended
        return create_log(connection, log.file_type, target, finished, now, log.run_id)
    find_file(connection, row.file_id, types=[log.file_type])
    if row.log_status != "complete":
        update_log(connection, row, fields, now, final=False)
    elif row.datapoint_id is None:
        datapoint = {"source_datapoint_id": fields.get("source_datapoint_id")}
        update_log(connection, row, datapoint, now, final=False)
    run = None if log.run_id is None else find_any_run(connection, log.run_id)
    if run is not None and run.set_status != "cancelled":
        link_existing_logs(connection, run, [row.number], now)
    run_ids = tuple(runs_with(connection, row.number))
    return CreatedLog(row.id, row.file_id, row.version_id, fields.get("log_status"), run_ids=run_ids)


def _by_id(log_id: str) -> Select[Any]:
    return select(logs).where(logs.c.id == log_id)
