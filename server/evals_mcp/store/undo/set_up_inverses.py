"""Take back set-ups and attached evaluators, inside a transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, delete, exists, func, select, update

from evals_mcp.errors import Conflict
from evals_mcp.store.database.tables import (
    datapoint_fields,
    datapoints,
    dataset_datapoints,
    deployments,
    directories,
    evaluation_evaluators,
    evaluation_runs,
    files,
    judgments,
    logs,
    metadata,
    runs,
    versions,
)
from evals_mcp.store.evaluations.evaluations import attached_versions, touch_evaluation
from evals_mcp.store.undo.run_inverses import delete_new_evaluation, delete_new_run


def undo_set_up(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Delete what a set-up created: the run, the evaluation, attachments, versions and files. Raises Conflict."""
    before, evaluation_id = entry.before, entry.result["evaluation_id"]
    if before["run"] is not None:
        delete_new_run(connection, evaluation_id, entry.subject, before["run"], now)
    if before["attached"] is not None:
        _detach(connection, evaluation_id, before["attached"], now)
    if before["evaluation_is_new"]:
        delete_new_evaluation(connection, evaluation_id, [])
    for version_id in reversed(before["versions"]):
        delete_new_version(connection, version_id)
    for file_id in before["files"]:
        require_unused(connection, files.c.id, file_id, "File")
        connection.execute(delete(files).where(files.c.id == file_id))
    for directory_id in before["directories"]:
        if user_of(connection, directories.c.id, directory_id) is None:
            connection.execute(delete(directories).where(directories.c.id == directory_id))


def undo_added_evaluators(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Detach evaluators, and complete the runs that they opened. Raises Conflict."""
    _detach(connection, entry.subject, entry.before, now)


def _detach(connection: Connection, evaluation_id: str, attached: Mapping[str, Any], now: datetime) -> None:
    version_ids, opened = attached["evaluators"], attached["opened"]
    if not set(version_ids) <= set(attached_versions(connection, evaluation_id)):
        raise Conflict(f"Evaluation `{evaluation_id}` has not all of these evaluators any more.")
    of_evaluation = select(evaluation_runs.c.run_id).where(evaluation_runs.c.evaluation_id == evaluation_id)
    judged = exists().where(
        judgments.c.run_id.in_(of_evaluation),
        judgments.c.evaluator_version_id.in_(version_ids),
        judgments.c.evaluator_log_number > attached["newest"],
    )
    if connection.execute(select(judged)).scalar_one():
        raise Conflict(f"An evaluator judged logs of evaluation `{evaluation_id}` since. Undo or delete that first.")
    for run_id, logs_count in opened.items():
        run = connection.execute(select(runs.c.set_status, runs.c.logs_count).where(runs.c.id == run_id)).first()
        if run is None or tuple(run) != (None, logs_count):
            raise Conflict(f"Run `{run_id}` was opened by an evaluator and changed since. Undo that first.")
    reset = {"set_status": "completed", "revision": runs.c.revision + 1, "updated_at": now}
    connection.execute(update(runs).where(runs.c.id.in_(list(opened))).values(reset))
    connection.execute(
        delete(evaluation_evaluators).where(
            evaluation_evaluators.c.evaluation_id == evaluation_id,
            evaluation_evaluators.c.evaluator_version_id.in_(version_ids),
        )
    )
    touch_evaluation(connection, evaluation_id, now)


def delete_new_version(connection: Connection, version_id: str) -> None:
    """Delete a version that is its file's newest and that nothing uses, with the datapoints of it alone."""
    version = connection.execute(select(versions).where(versions.c.id == version_id)).first()
    if version is None:
        raise Conflict(f"Version `{version_id}` was deleted since.")
    newest = select(func.max(versions.c.number)).where(versions.c.file_id == version.file_id)
    if connection.execute(newest).scalar_one() != version.number:
        raise Conflict(f"Version `{version_id}` has later ones in its file, so it stays.")
    # Adding the first version of a file deploys it.
    with_it = (deployments.c.version_id == version_id, deployments.c.created_at == version.created_at)
    connection.execute(delete(deployments).where(*with_it))
    elsewhere = dataset_datapoints.alias()
    alone = ~exists().where(
        elsewhere.c.datapoint_id == dataset_datapoints.c.datapoint_id, elsewhere.c.version_id != version_id
    )
    own = select(dataset_datapoints.c.datapoint_id).where(dataset_datapoints.c.version_id == version_id, alone)
    point_ids = list(connection.execute(own).scalars())
    connection.execute(delete(dataset_datapoints).where(dataset_datapoints.c.version_id == version_id))
    _delete_datapoints(connection, point_ids)
    require_unused(connection, versions.c.id, version_id, "Version")
    connection.execute(delete(versions).where(versions.c.id == version_id))


def _delete_datapoints(connection: Connection, ids: Sequence[str]) -> None:
    logged = select(logs.c.id).where(logs.c.datapoint_id.in_(ids)).limit(1)
    if ids and (log_id := connection.execute(logged).scalar()) is not None:
        raise Conflict(f"Log `{log_id}` is for one of the datapoints. Undo or delete it first.")
    for column in (datapoint_fields.c.datapoint_id, datapoints.c.id):
        connection.execute(delete(column.table).where(column.in_(ids)))


def require_unused(connection: Connection, column: Column[Any], id: str, noun: str) -> None:
    """Raise Conflict if a row of any table refers to this one."""
    if (user := user_of(connection, column, id)) is not None:
        raise Conflict(f"{noun} `{id}` is used by {user.replace('_', ' ')} now. Undo or delete that first.")


def user_of(connection: Connection, column: Column[Any], id: str) -> str | None:
    """The name of a table with a row that refers to this one."""
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column is column and connection.execute(select(exists().where(key.parent == id))).scalar_one():
                return table.name
    return None
