"""What was built on an import since: rows and entries of others that need what it brought. Changes nothing."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, Text, cast, or_, select

from evals_mcp.errors import Conflict
from evals_mcp.store.bulk.import_entries import NUMBERED, read_settings
from evals_mcp.store.database.many import among
from evals_mcp.store.database.tables import (
    dataset_datapoints,
    deployments,
    directories,
    evaluation_evaluators,
    evaluation_runs,
    evaluations,
    files,
    journal,
    logs,
    run_logs,
    runs,
    versions,
)
from evals_mcp.store.journal.entries import handle, later_changes
from evals_mcp.store.undo.brought import Brought


def check_import(connection: Connection, entry: Row[Any], brought: Brought) -> None:
    """Raise Conflict, with what was built on the import."""
    _check_entries(connection, entry, brought)
    _check_logs(connection, brought)
    _check_runs(connection, brought)
    _check_versions(connection, brought)
    _check_files(connection, brought)


def _check_entries(connection: Connection, entry: Row[Any], brought: Brought) -> None:
    """Refuse if a later write is about something that the import brought."""
    later = (journal.c.number > entry.number, journal.c.undone_at.is_(None))
    about = select(journal.c.number, journal.c.tag, journal.c.subject).where(*later)
    for table in NUMBERED:
        for first, last in brought.spans[table.name].ranges:
            of_rows = about.join(table, table.c.id == journal.c.subject).where(table.c.number.between(first, last))
            _refuse_change(connection.execute(of_rows.limit(1)).first())
    for name in ("files", "directories"):
        _refuse_change(
            connection.execute(about.where(among(connection, journal.c.subject, brought.keys[name]))).first()
        )
    for row in later_changes(connection, entry.number):
        of_logs = select(logs.c.number).where(among(connection, logs.c.id, row.result["changed"]))
        if any(map(brought.has_log, connection.execute(of_logs).scalars())):
            _refuse_change(row)


def _refuse_change(row: Any) -> None:
    if row is not None:
        raise Conflict(f"`{row.subject}` was changed since, by write `{handle(row)}`. Undo that first.")


def _check_logs(connection: Connection, brought: Brought) -> None:
    """Refuse logs of others that judge a log of the import or are a step of it, and other runs that have one."""
    for first, last in brought.spans["logs"].ranges:
        for column, does in ((logs.c.judged_log_number, "judges"), (logs.c.trace_parent_number, "is a step of")):
            later = select(logs.c.id, logs.c.number).where(column.between(first, last), logs.c.number > last)
            for row in connection.execute(later):
                if not brought.has_log(row.number):
                    raise Conflict(f"Log `{row.id}` {does} an imported log. Undo or delete it first.")
        in_runs = select(run_logs.c.run_id).where(run_logs.c.log_number.between(first, last)).distinct()
        for run_id in connection.execute(in_runs).scalars():
            if run_id not in brought.runs and run_id not in brought.changed_runs:
                raise Conflict(f"Run `{run_id}` has imported logs now. Remove them from it first.")


def _check_runs(connection: Connection, brought: Brought) -> None:
    """Refuse other logs in imported runs, other evaluations with them, and other settings than the import left."""
    joined = {tuple(pair) for pair in brought.keys["run_logs"]}
    for run_id in sorted(brought.runs):
        numbers = connection.execute(select(run_logs.c.log_number).where(run_logs.c.run_id == run_id)).scalars()
        if any(not brought.has_log(number) and (run_id, number) not in joined for number in numbers):
            raise Conflict(f"Run `{run_id}` has other logs now. Undo or delete them first.")
    put = {tuple(pair) for pair in brought.keys["evaluation_runs"]}
    pairs = select(evaluation_runs.c.evaluation_id, evaluation_runs.c.run_id)
    in_either = or_(
        among(connection, evaluation_runs.c.run_id, brought.runs),
        among(connection, evaluation_runs.c.evaluation_id, brought.evaluations),
    )
    for evaluation_id, run_id in connection.execute(pairs.where(in_either)):
        if (evaluation_id, run_id) not in put:
            raise Conflict(f"Run `{run_id}` was added to evaluation `{evaluation_id}` since. Remove it first.")
    now = read_settings(connection, brought.changed_runs)
    for run_id, (_, after) in brought.changed_runs.items():
        if run_id in now and now[run_id] != after:
            raise Conflict(f"Run `{run_id}` has another status, version or figures since. Undo that first.")


def _check_versions(connection: Connection, brought: Brought) -> None:
    """Refuse logs, runs, evaluations and deployments of others with an imported version."""
    mine = brought.versions
    numbers = select(logs.c.number).where(among(connection, logs.c.version_id, mine))
    if any(not brought.has_log(number) for number in connection.execute(numbers).scalars()):
        raise Conflict("An imported version has other logs now. Undo or delete them first.")
    of_run = or_(among(connection, runs.c.version_id, mine), among(connection, runs.c.dataset_version_id, mine))
    _refuse_other(connection, select(runs.c.id).where(of_run), {*brought.runs, *brought.changed_runs}, "Run")
    attached = {tuple(pair) for pair in brought.keys["evaluation_evaluators"]}
    pairs = select(evaluation_evaluators.c.evaluation_id, evaluation_evaluators.c.evaluator_version_id).where(
        among(connection, evaluation_evaluators.c.evaluator_version_id, mine)
    )
    for evaluation_id, version_id in connection.execute(pairs):
        if evaluation_id not in brought.evaluations and (evaluation_id, version_id) not in attached:
            raise Conflict(f"Evaluation `{evaluation_id}` has an imported evaluator now. Remove it first.")
    _check_mentions(connection, brought)


def _check_mentions(connection: Connection, brought: Brought) -> None:
    """Refuse files of others that an imported evaluator monitors, and prompts that link an imported tool."""
    imported = {*brought.versions, *brought.keys["files"]}
    own_files = set(brought.keys["files"])
    monitored = select(files.c.id, files.c.extra).where(cast(files.c.extra, Text).contains('"evaluators"'))
    for row in connection.execute(monitored):
        if row.id not in own_files and imported & set(_texts(row.extra)):
            raise Conflict(f"File `{row.id}` is monitored by an imported evaluator now. Change that first.")
    linking = select(versions.c.id, versions.c.content).where(cast(versions.c.content, Text).contains('"linked_tools"'))
    for row in connection.execute(linking):
        if row.id not in brought.versions and imported & set(_texts(row.content.get("linked_tools"))):
            raise Conflict(f"Version `{row.id}` links an imported tool now, so it stays.")


def _texts(value: Any) -> Iterable[str]:
    """All texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _check_files(connection: Connection, brought: Brought) -> None:
    """Refuse what others have in imported files, datasets, directories and environments."""
    keys = brought.keys
    own_files = set(keys["files"])
    for column, mine in ((versions.c.file_id, brought.versions), (evaluations.c.file_id, brought.evaluations)):
        table: Table = column.table
        of_files = select(table.c.id).where(among(connection, column, own_files))
        _refuse_other(connection, of_files, mine, table.name.removesuffix("s").capitalize())
    with_points = select(dataset_datapoints.c.version_id).where(
        among(connection, dataset_datapoints.c.datapoint_id, keys["datapoints"])
    )
    _refuse_other(connection, with_points.distinct(), brought.versions, "Version")
    for column, table_mine in ((files.c.directory_id, own_files), (directories.c.parent_id, set(keys["directories"]))):
        inside = select(column.table.c.id).where(among(connection, column, keys["directories"]))
        _refuse_other(connection, inside, table_mine, "File or directory")
    deployed = {tuple(pair) for pair in keys["deployments"]}
    of_these = or_(
        among(connection, deployments.c.version_id, brought.versions),
        among(connection, deployments.c.environment_id, keys["environments"]),
    )
    for row in connection.execute(select(deployments).where(of_these)):
        if (row.file_id, row.environment_id) not in deployed and row.file_id not in own_files:
            raise Conflict(f"Version `{row.version_id}` is deployed now. Remove the deployment first.")


def _refuse_other(connection: Connection, found: Select[Any], mine: set[str], noun: str) -> None:
    for id in connection.execute(found).scalars():
        if id not in mine:
            raise Conflict(f"{noun} `{id}` needs something that was imported. Undo or delete it first.")
