"""Take back writes of runs and evaluations, inside a transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from evals_mcp.errors import Conflict
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import (
    evaluation_runs,
    evaluations,
    judged_counts,
    judgments,
    logs,
    run_logs,
    runs,
)
from evals_mcp.store.evaluations.evaluations import attached_versions, delete_evaluation, touch_evaluation
from evals_mcp.store.evaluations.run_entries import run_settings
from evals_mcp.store.logs.run_logs import recount_run


def undo_new_run(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Delete a run that holds what it held at first. Existing logs that it had stay. Raises Conflict."""
    delete_new_run(connection, entry.result["evaluation_id"], entry.subject, entry.before, now)


def delete_new_run(
    connection: Connection, evaluation_id: str, run_id: str, held: Mapping[str, Any], now: datetime
) -> None:
    """Delete a run that still holds what it `held`, as `held_by` tells. Raises Conflict."""
    found = connection.execute(
        select(evaluation_runs.c.evaluation_id, evaluation_runs.c.control).where(evaluation_runs.c.run_id == run_id)
    ).all()
    if [tuple(row) for row in found] != [(evaluation_id, False)]:
        raise Conflict(f"Run `{run_id}` is the control, was removed, or is in another evaluation now, so it stays.")
    run = connection.execute(select(runs).where(runs.c.id == run_id)).one()
    if any(getattr(run, name) != value for name, value in held.items()):
        raise Conflict(f"Run `{run_id}` has other logs, figures or another status now. Undo these writes first.")
    for table in (judged_counts, judgments, run_logs, evaluation_runs):
        connection.execute(delete(table).where(table.c.run_id == run_id))
    connection.execute(delete(runs).where(runs.c.id == run_id))
    touch_evaluation(connection, evaluation_id, now)


def undo_changed_run(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Give a run the status, figures and control it had. Raises Conflict."""
    run_id, evaluation_id = entry.subject, entry.result["evaluation_id"]
    in_evaluation = evaluation_runs.c.evaluation_id == evaluation_id
    rows = connection.execute(select(evaluation_runs.c.run_id).where(in_evaluation)).scalars().all()
    values, after = dict(entry.before["values"]), entry.before["after"]
    control = values.pop("control", None)
    if not {run_id, *(control or ())} <= set(rows):
        raise Conflict(f"Run `{run_id}`, or the control before it, was removed from the evaluation since.")
    now_set = run_settings(connection, evaluation_id, run_id)
    if any(now_set[name] != value for name, value in after.items()):
        raise Conflict(f"Run `{run_id}` was changed since. Undo that first.")
    if control is not None:
        of_controls = evaluation_runs.c.run_id.in_(control)
        connection.execute(update(evaluation_runs).where(in_evaluation).values(control=of_controls))
    values |= {"revision": runs.c.revision + 1, "updated_at": now}
    connection.execute(update(runs).where(runs.c.id == run_id).values(values))


def undo_new_evaluation(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Delete an evaluation without runs, with the evaluators it had at first. Raises Conflict."""
    delete_new_evaluation(connection, entry.subject, entry.before["evaluators"])


def undo_added_logs(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Take existing logs out of a run, which gets back its status and version. The logs stay. Raises Conflict."""
    run_id, values = entry.subject, entry.before["values"]
    run = connection.execute(select(runs).where(runs.c.id == run_id)).first()
    if run is None or run.set_status not in (None, "running"):
        raise Conflict(f"Run `{run_id}` was deleted, completed or cancelled since, so its logs stay.")
    if values and run.logs_count != entry.before["logs_count"]:
        raise Conflict(f"Run `{run_id}` was opened by these logs and has others now. Undo or delete these first.")
    removed = 0
    for some in batches(entry.result["log_ids"]):
        numbers = select(logs.c.number).where(logs.c.id.in_(some))
        for table in (judgments, run_logs):
            gone = connection.execute(delete(table).where(table.c.run_id == run_id, table.c.log_number.in_(numbers)))
        removed += gone.rowcount
    if removed < len(entry.result["log_ids"]):
        raise Conflict(f"Some of these logs are not in run `{run_id}` any more, so the others stay.")
    if values:
        connection.execute(update(runs).where(runs.c.id == run_id).values(**values))
    recount_run(connection, run_id, now)


def delete_new_evaluation(connection: Connection, evaluation_id: str, evaluators: Sequence[str]) -> None:
    """Delete an evaluation without runs and other than these evaluators. Raises Conflict."""
    found = connection.execute(select(evaluations.c.id).where(evaluations.c.id == evaluation_id)).first()
    if found is None:
        raise Conflict(f"Evaluation `{evaluation_id}` was deleted since, so there is nothing to undo.")
    of_evaluation = select(func.count()).where(evaluation_runs.c.evaluation_id == evaluation_id)
    if connection.execute(of_evaluation).scalar_one():
        raise Conflict(f"Evaluation `{evaluation_id}` has runs now. Undo or remove them first.")
    if attached_versions(connection, evaluation_id) != evaluators:
        raise Conflict(f"Evaluation `{evaluation_id}` has other evaluators now, so it stays.")
    delete_evaluation(connection, evaluation_id)
