"""Take back labels, and the evaluator or options that came with them, inside a transaction."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, delete, exists, select

from evals_mcp.errors import Conflict
from evals_mcp.store.database.tables import (
    directories,
    evaluation_evaluators,
    evaluation_runs,
    files,
    judgments,
    logs,
)
from evals_mcp.store.evaluations.evaluations import attached_versions, touch_evaluation
from evals_mcp.store.evaluations.label_evaluators import replace_attached
from evals_mcp.store.logs.deletions import delete_logs
from evals_mcp.store.undo.log_inverses import require_newest, require_unchanged
from evals_mcp.store.undo.set_up_inverses import delete_new_version, require_unused, user_of


def undo_labels(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Delete labels; the author's previous ones count again. Labels that were deleted since are none to undo.

    An evaluator, version or attachment that came with them goes, too, unless something uses it. Raises Conflict.
    """
    ids = [label["id"] for label in entry.result["labels"]]
    labels = connection.execute(select(logs).where(logs.c.id.in_(ids)).order_by(logs.c.number)).all()
    if not labels:
        raise Conflict("These labels were deleted since, so there is nothing to undo.")
    require_unchanged(connection, [label.id for label in labels], entry.number)
    for label in labels:
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
    with suppress(Conflict), connection.begin_nested():  # what is used by now stays
        if entry.before["is_new_version"]:
            delete_new_version(connection, version_id)
        if entry.result["is_new"]:
            _delete_file(connection, evaluator_id)


def _delete_file(connection: Connection, file_id: str) -> None:
    """Delete a file without versions, and the empty directories that were made with it. Raises Conflict."""
    require_unused(connection, files.c.id, file_id, "File")
    file = connection.execute(select(files.c.directory_id, files.c.created_at).where(files.c.id == file_id)).one()
    connection.execute(delete(files).where(files.c.id == file_id))
    directory_id = file.directory_id
    while directory_id is not None and user_of(connection, directories.c.id, directory_id) is None:
        mine = (directories.c.id == directory_id, directories.c.created_at == file.created_at)
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


def _is_used(connection: Connection, column: Column[Any], value: str) -> bool:
    return bool(connection.execute(select(exists().where(column == value))).scalar_one())
