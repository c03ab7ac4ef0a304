"""Take back an import, inside a transaction: delete exactly what its batches brought, and leave what was there."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, select, update

from evals_mcp.store.database.many import among
from evals_mcp.store.database.tables import (
    datapoint_fields,
    datapoints,
    dataset_datapoints,
    deployments,
    directories,
    environments,
    evaluation_evaluators,
    evaluation_runs,
    evaluations,
    files,
    journal_rows,
    judged_counts,
    judgments,
    logs,
    run_logs,
    runs,
    versions,
)
from evals_mcp.store.evaluations.evaluations import touch_evaluation
from evals_mcp.store.logs.deletions import delete_logs
from evals_mcp.store.logs.run_logs import recount_run
from evals_mcp.store.undo.brought import Brought
from evals_mcp.store.undo.import_checks import check_import

_LOGS_AT_ONCE = 20_000


def undo_import(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Delete what an import brought. Raises Conflict if something was built on it."""
    brought = check_undo_of_import(connection, entry, now)
    _delete_runs(connection, brought, now)
    _delete_logs(connection, brought, now)
    _give_back_runs(connection, brought, now)
    _delete_evaluations(connection, brought, now)
    _delete_files(connection, brought)
    connection.execute(delete(journal_rows).where(journal_rows.c.entry == entry.number))


def check_undo_of_import(connection: Connection, entry: Row[Any], now: datetime) -> Brought:
    """What an import brought. Deletes nothing. Raises Conflict if something was built on it."""
    brought = Brought(connection, entry.number)
    check_import(connection, entry, brought)
    return brought


def _delete_runs(connection: Connection, brought: Brought, now: datetime) -> None:
    """Delete imported runs first: then deleting their logs counts nothing in them."""
    for table in (judged_counts, judgments, run_logs, evaluation_runs):
        connection.execute(delete(table).where(among(connection, table.c.run_id, brought.runs)))
    connection.execute(delete(runs).where(among(connection, runs.c.id, brought.runs)))


def _delete_logs(connection: Connection, brought: Brought, now: datetime) -> None:
    for first, last in reversed(brought.spans["logs"].ranges):
        for end in range(last, first - 1, -_LOGS_AT_ONCE):
            of_chunk = logs.c.number.between(max(first, end - _LOGS_AT_ONCE + 1), end)
            delete_logs(connection, list(connection.execute(select(logs.c.id).where(of_chunk)).scalars()), now)


def _give_back_runs(connection: Connection, brought: Brought, now: datetime) -> None:
    """Take existing logs out of existing runs again, and give these runs the settings that they had."""
    joined: dict[str, list[int]] = defaultdict(list)
    for run_id, number in brought.keys["run_logs"]:
        joined[run_id].append(number)
    for run_id, numbers in joined.items():
        for table in (judgments, run_logs):
            these = (table.c.run_id == run_id, among(connection, table.c.log_number, numbers))
            connection.execute(delete(table).where(*these))
    for run_id, (before, _) in brought.changed_runs.items():
        if run_id in brought.runs or connection.execute(select(runs.c.id).where(runs.c.id == run_id)).first() is None:
            continue
        values = dict(zip(("set_status", "version_id", "reported_figures"), before, strict=True))
        connection.execute(update(runs).where(runs.c.id == run_id).values(values))
        recount_run(connection, run_id, now)


def _delete_evaluations(connection: Connection, brought: Brought, now: datetime) -> None:
    """Delete imported evaluations, and what the import added to others: runs, evaluators and another control."""
    for table, column in ((evaluation_runs, "run_id"), (evaluation_evaluators, "evaluator_version_id")):
        for evaluation_id, id in brought.keys[table.name]:
            connection.execute(delete(table).where(table.c.evaluation_id == evaluation_id, table.c[column] == id))
    for table in (evaluation_runs, evaluation_evaluators):
        connection.execute(delete(table).where(among(connection, table.c.evaluation_id, brought.evaluations)))
    connection.execute(delete(evaluations).where(among(connection, evaluations.c.id, brought.evaluations)))
    for evaluation_id, run_id in brought.keys["controls"]:
        of_evaluation = evaluation_runs.c.evaluation_id == evaluation_id
        other = evaluation_runs.alias("other")
        has_control = exists().where(other.c.evaluation_id == evaluation_id, other.c.control.is_(True))
        was_control = (of_evaluation, evaluation_runs.c.run_id == run_id, ~has_control)
        connection.execute(update(evaluation_runs).where(*was_control).values(control=True))
    pairs = [*brought.keys["evaluation_runs"], *brought.keys["evaluation_evaluators"]]
    for evaluation_id in sorted({evaluation_id for evaluation_id, _ in pairs} - brought.evaluations):
        touch_evaluation(connection, evaluation_id, now)


def _delete_files(connection: Connection, brought: Brought) -> None:
    """Delete versions, datapoints, files, environments and directories, in the order that references need."""
    keys = brought.keys
    for file_id, environment_id in keys["deployments"]:
        of_both = (deployments.c.file_id == file_id, deployments.c.environment_id == environment_id)
        connection.execute(delete(deployments).where(*of_both))
    for column, ids in (
        (deployments.c.file_id, keys["files"]),
        (dataset_datapoints.c.version_id, brought.versions),
        (versions.c.id, brought.versions),
        (datapoint_fields.c.datapoint_id, keys["datapoints"]),
        (datapoints.c.id, keys["datapoints"]),
        (files.c.id, keys["files"]),
        (environments.c.id, keys["environments"]),
    ):
        connection.execute(delete(column.table).where(among(connection, column, list(ids))))
    of_import = among(connection, directories.c.id, keys["directories"])
    paths = select(directories.c.id).where(of_import).order_by(directories.c.path.desc())
    for directory_id in connection.execute(paths).scalars().all():
        connection.execute(delete(directories).where(directories.c.id == directory_id))
