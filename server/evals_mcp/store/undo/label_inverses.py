"""Take back labels, and the evaluator or options that came with them, inside a transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, delete, exists, select

from evals_mcp.errors import Conflict
from evals_mcp.store.database.tables import (
    deployments,
    directories,
    evaluation_evaluators,
    evaluation_runs,
    files,
    judgments,
    logs,
    metadata,
    versions,
)
from evals_mcp.store.evaluations.evaluations import attached_versions, touch_evaluation
from evals_mcp.store.evaluations.label_evaluators import replace_attached
from evals_mcp.store.logs.deletions import delete_logs
from evals_mcp.store.undo.log_inverses import require_newest, require_unchanged


def undo_labels(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Delete labels; the author's previous ones count again. Labels that were deleted since are none to undo.

    An evaluator, version or attachment that came with them goes, too, unless something uses it. Raises Conflict.
    """
    ids = [label["id"] for label in entry.result["labels"]]
    labels = connection.execute(select(logs).where(logs.c.id.in_(ids)).order_by(logs.c.number)).all()
    if not labels:
        raise Conflict("These labels were deleted since, so there is nothing to undo.")
    for label in labels:
        require_unchanged(connection, label.id, entry.number)
        require_newest(connection, label)
    delete_logs(connection, ids, now)
    _release(connection, entry, now)


def _release(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Detach the version that these labels attached, and delete it and its file if they were made for them."""
    evaluation_id, version_id = entry.result["evaluation_id"], entry.result["version_id"]
    evaluator_id, replaced = entry.result["evaluator_id"], entry.before["replaced"]
    if not entry.before["is_newly_attached"] or version_id not in attached_versions(connection, evaluation_id):
        return
    if replaced is None:
        if _judges(connection, evaluation_id, evaluator_id):
            return
        connection.execute(
            delete(evaluation_evaluators).where(
                evaluation_evaluators.c.evaluation_id == evaluation_id,
                evaluation_evaluators.c.evaluator_version_id == version_id,
            )
        )
    elif _is_used(connection, logs.c.version_id, version_id):
        return
    else:
        replace_attached(connection, evaluation_id, version_id, replaced)
    touch_evaluation(connection, evaluation_id, now)
    if entry.result["is_new"]:
        _delete_file(connection, evaluator_id)
    elif entry.before["is_new_version"] and not _is_referenced(connection, versions.c.id, version_id):
        connection.execute(delete(versions).where(versions.c.id == version_id))


def _delete_file(connection: Connection, file_id: str) -> None:
    """Delete an evaluator, its version and its deployment, unless anything else refers to them."""
    of_file = select(versions.c.id).where(versions.c.file_id == file_id)
    ids = list(connection.execute(of_file).scalars())
    if len(ids) > 1 or any(_is_referenced(connection, versions.c.id, id, besides=(deployments,)) for id in ids):
        return
    if _is_referenced(connection, files.c.id, file_id, besides=(deployments, versions)):
        return
    file = connection.execute(select(files.c.directory_id, files.c.created_at).where(files.c.id == file_id)).one()
    for table, column in ((deployments, deployments.c.file_id), (versions, versions.c.file_id), (files, files.c.id)):
        connection.execute(delete(table).where(column == file_id))
    _delete_directories(connection, file.directory_id, file.created_at)


def _delete_directories(connection: Connection, directory_id: str | None, created_at: datetime) -> None:
    """Delete an empty directory that was made at this moment, and those above it."""
    while directory_id is not None and not _is_referenced(connection, directories.c.id, directory_id):
        mine = (directories.c.id == directory_id, directories.c.created_at == created_at)
        parent = connection.execute(select(directories.c.parent_id).where(*mine)).first()
        if parent is None:
            return
        connection.execute(delete(directories).where(*mine))
        directory_id = parent.parent_id


def _judges(connection: Connection, evaluation_id: str, evaluator_id: str) -> bool:
    """Whether a run of the evaluation has a judgment by an evaluator."""
    found = exists().where(
        judgments.c.run_id == evaluation_runs.c.run_id,
        judgments.c.evaluator_id == evaluator_id,
        evaluation_runs.c.evaluation_id == evaluation_id,
    )
    return bool(connection.execute(select(found)).scalar_one())


def _is_referenced(connection: Connection, column: Column[Any], value: str, besides: Sequence[Table] = ()) -> bool:
    """Whether a row of any table but these refers to this row."""
    tables = (table for table in metadata.sorted_tables if table not in besides)
    referring = [key.parent for table in tables for key in table.foreign_keys if key.column is column]
    return any(_is_used(connection, parent, value) for parent in referring)


def _is_used(connection: Connection, column: Column[Any], value: str) -> bool:
    return bool(connection.execute(select(exists().where(column == value))).scalar_one())
