"""Store the runs of a document. `logs` has their logs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, exists, select, update

from evals_mcp.errors import Conflict, Invalid
from evals_mcp.models.evaluation_document import ClearRecord, RunEvaluation, RunRecord
from evals_mcp.models.reported_figures import ReportedFigure
from evals_mcp.store.bulk.batch import Batch, each_record, unknown
from evals_mcp.store.bulk.import_entries import note_controls, note_runs
from evals_mcp.store.database.tables import evaluation_runs, evaluations, judgments, logs, run_logs, runs
from evals_mcp.store.evaluations.evaluations import EVALUATED_TYPES
from evals_mcp.store.evaluations.reported_figures import (
    figures_json,
    merged_figures,
    read_reported_figures,
    set_reported_figures,
)
from evals_mcp.store.evaluations.runs import NO_LOGS, set_run_status
from evals_mcp.store.logs.deletions import delete_logs
from evals_mcp.store.logs.run_logs import recount_run


@each_record
def write_runs(batch: Batch, record: RunRecord) -> None:
    """Store a new run, or add an existing one to the named evaluations. One that is running takes a final status."""
    if record.version_id is not None:
        batch.version(record.version_id, EVALUATED_TYPES)
    if record.dataset_version_id is not None:
        batch.version(record.dataset_version_id, ["dataset"])
    note_runs(batch, [record.id])
    run = batch.connection.execute(select(runs).where(runs.c.id == record.id)).first()
    if run is None:
        _insert(batch, record)
    elif batch.overwrite:
        _overwrite(batch, record, run)
    elif run.dataset_version_id != record.dataset_version_id or record.version_id not in (None, run.version_id):
        raise Conflict(f"Run `{record.id}` already exists with another version or dataset.")
    else:
        if record.reported_figures:
            _add_figures(batch, record.id, record.reported_figures)
        if record.status in ("completed", "cancelled") and run.set_status == "running":
            set_run_status(batch.connection, record.id, record.status, batch.now)
    _put_into_evaluations(batch, record.id, record.evaluations)
    batch.run_ids.add(record.id)


def _insert(batch: Batch, record: RunRecord) -> None:
    batch.connection.execute(
        runs.insert().values(
            id=record.id,
            dataset_version_id=record.dataset_version_id,
            version_id=record.version_id,
            orchestrated=record.orchestrated and None not in (record.dataset_version_id, record.version_id),
            use_existing_logs=False,
            set_status=record.status,
            reported_figures=figures_json(record.reported_figures),
            **NO_LOGS,
            created_at=record.created_at or batch.now,
            updated_at=batch.now,
            **batch.created_by(record),
        )
    )
    batch.added["run"] += 1


def _add_figures(batch: Batch, run_id: str, given: Sequence[ReportedFigure]) -> None:
    stored = read_reported_figures(batch.connection, [run_id]).get(run_id, [])
    if (merged := merged_figures(stored, given)) != stored:
        set_reported_figures(batch.connection, run_id, merged, batch.now)


def _overwrite(batch: Batch, record: RunRecord, run: Row[Any]) -> None:
    values = {
        "dataset_version_id": record.dataset_version_id,
        "version_id": record.version_id,
        "orchestrated": record.orchestrated,
        "set_status": record.status,
        "reported_figures": figures_json(record.reported_figures),
        "created_at": record.created_at or run.created_at,
        **batch.created_by(record, run),
    }
    if values["reported_figures"] != run.reported_figures:
        values["revision"] = run.revision + 1
    batch.connection.execute(update(runs).where(runs.c.id == run.id).values(**values))
    if run.dataset_version_id != record.dataset_version_id:
        recount_run(batch.connection, run.id, batch.now)
    others = evaluation_runs.c.evaluation_id.not_in([item.evaluation_id for item in record.evaluations])
    batch.connection.execute(delete(evaluation_runs).where(evaluation_runs.c.run_id == run.id, others))


def _put_into_evaluations(batch: Batch, run_id: str, wanted: Sequence[RunEvaluation]) -> None:
    """Add a run to evaluations. A new control replaces the previous one."""
    for item in wanted:
        of_evaluation = evaluation_runs.c.evaluation_id == item.evaluation_id
        is_run = evaluation_runs.c.run_id == run_id
        evaluation = batch.connection.execute(
            select(evaluations.c.id).where(evaluations.c.id == item.evaluation_id)
        ).first()
        if evaluation is None:
            raise unknown("evaluation", item.evaluation_id)
        before = batch.connection.execute(select(evaluation_runs).where(of_evaluation, is_run)).first()
        if before is not None and (not batch.overwrite or before.control == item.control):
            continue
        if item.control:
            note_controls(batch, item.evaluation_id)
            batch.connection.execute(update(evaluation_runs).where(of_evaluation).values(control=False))
        if before is not None:
            batch.connection.execute(update(evaluation_runs).where(of_evaluation, is_run).values(control=item.control))
        else:
            added_at = item.added_at or batch.now
            values = {"evaluation_id": item.evaluation_id, "run_id": run_id, "control": item.control}
            batch.connection.execute(evaluation_runs.insert().values(**values, added_at=added_at))
            batch.brought["evaluation_runs"].append([item.evaluation_id, run_id])


@each_record
def clear_runs(batch: Batch, record: ClearRecord) -> None:
    """Remove all logs from a run, and delete those that no other run has."""
    if not batch.overwrite:
        raise Invalid("Only a load with overwrite can clear a run.")
    run_id = record.run_id
    elsewhere = run_logs.alias("elsewhere")
    shared = exists(elsewhere.c.run_id).where(
        elsewhere.c.log_number == run_logs.c.log_number, elsewhere.c.run_id != run_id
    )
    own = select(logs.c.id).join(run_logs, run_logs.c.log_number == logs.c.number)
    ids = list(batch.connection.execute(own.where(run_logs.c.run_id == run_id, ~shared)).scalars())
    delete_logs(batch.connection, ids, batch.now)
    batch.replaces = True
    for table in (judgments, run_logs):
        batch.connection.execute(delete(table).where(table.c.run_id == run_id))
    if batch.connection.execute(select(runs.c.id).where(runs.c.id == run_id)).first() is not None:
        recount_run(batch.connection, run_id, batch.now)
