"""Entries of the journal about runs, inside the transaction of the write."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import evaluation_runs, logs, runs
from evals_mcp.store.journal.entries import Act, has_request, record

_HELD = select(runs.c.logs_count, runs.c.version_id, runs.c.set_status, runs.c.reported_figures)


def run_settings(connection: Connection, evaluation_id: str, run_id: str) -> dict[str, Any]:
    """What a caller can set of a run: its status, its reported figures, and the control runs of its evaluation."""
    run = connection.execute(select(runs.c.set_status, runs.c.reported_figures).where(runs.c.id == run_id)).one()
    controls = select(evaluation_runs.c.run_id).where(
        evaluation_runs.c.evaluation_id == evaluation_id, evaluation_runs.c.control.is_(True)
    )
    control = sorted(connection.execute(controls).scalars())
    return {"set_status": run.set_status, "reported_figures": run.reported_figures, "control": control}


def held_by(connection: Connection, run_id: str) -> dict[str, Any]:
    """What a run holds: an undo of its creation deletes it only in that state."""
    return dict(connection.execute(_HELD.where(runs.c.id == run_id)).mappings().one())


def record_new_run(connection: Connection, act: Act | None, evaluation_id: str, run_id: str, now: datetime) -> None:
    """Add the entry of a new run, with what it holds now."""
    if act is None:
        return
    result = {"id": run_id, "evaluation_id": evaluation_id}
    record(connection, act, "create_run", run_id, result, held_by(connection, run_id), now)


def record_added_logs(
    connection: Connection,
    act: Act | None,
    evaluation_id: str,
    run: Row[Any],
    numbers: Sequence[int],
    now: datetime,
) -> None:
    """Add the entry of existing logs that joined a run: their ids, and the status and version that they changed."""
    if act is None or not (numbers or has_request(act)):
        return
    ids = [
        id
        for some in batches(numbers)
        for id in connection.execute(select(logs.c.id).where(logs.c.number.in_(some))).scalars()
    ]
    after = connection.execute(_HELD.where(runs.c.id == run.id)).one()
    changed = {name: getattr(run, name) for name in ("set_status", "version_id")}
    values = {name: value for name, value in changed.items() if getattr(after, name) != value}
    before = {"values": values, "logs_count": after.logs_count} if numbers else None
    result = {"id": run.id, "evaluation_id": evaluation_id, "log_ids": ids}
    record(connection, act, "add_logs", run.id, result, before, now)


def record_changed_run(
    connection: Connection, act: Act | None, evaluation_id: str, run_id: str, before: dict[str, Any], now: datetime
) -> None:
    """Add the entry of a changed run, if its settings differ from those before, or for a request id."""
    if act is None:
        return
    after = run_settings(connection, evaluation_id, run_id)
    changed = [name for name in before if before[name] != after[name]]
    if not (changed or has_request(act)):
        return
    values = {name: before[name] for name in changed}
    result = {"id": run_id, "evaluation_id": evaluation_id}
    kept = {"values": values, "after": {name: after[name] for name in changed}} if changed else None
    record(connection, act, "update_run", run_id, result, kept, now)
