"""Entries of the journal about runs, inside the transaction of the write."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from evals_mcp.store.database.tables import evaluation_runs, runs
from evals_mcp.store.journal.entries import Act, record

_HELD = select(runs.c.logs_count, runs.c.version_id, runs.c.set_status, runs.c.reported_figures)


def run_settings(connection: Connection, evaluation_id: str, run_id: str) -> dict[str, Any]:
    """What a caller can set of a run: its status, its reported figures, and the control runs of its evaluation."""
    run = connection.execute(select(runs.c.set_status, runs.c.reported_figures).where(runs.c.id == run_id)).one()
    controls = select(evaluation_runs.c.run_id).where(
        evaluation_runs.c.evaluation_id == evaluation_id, evaluation_runs.c.control.is_(True)
    )
    control = sorted(connection.execute(controls).scalars())
    return {"set_status": run.set_status, "reported_figures": run.reported_figures, "control": control}


def record_new_run(connection: Connection, act: Act | None, evaluation_id: str, run_id: str, now: datetime) -> None:
    """Add the entry of a new run, with what it holds now: an undo deletes it only in that state."""
    if act is None:
        return
    run = connection.execute(_HELD.where(runs.c.id == run_id)).mappings().one()
    result = {"id": run_id, "evaluation_id": evaluation_id}
    record(connection, act, "create_run", run_id, result, dict(run), now)


def record_changed_run(
    connection: Connection, act: Act | None, evaluation_id: str, run_id: str, before: dict[str, Any], now: datetime
) -> None:
    """Add the entry of a changed run, if its settings differ from those before, with both."""
    if act is None:
        return
    after = run_settings(connection, evaluation_id, run_id)
    changed = [name for name in before if before[name] != after[name]]
    if changed:
        values = {name: before[name] for name in changed}
        result = {"id": run_id, "evaluation_id": evaluation_id}
        kept = {"values": values, "after": {name: after[name] for name in changed}}
        record(connection, act, "update_run", run_id, result, kept, now)
