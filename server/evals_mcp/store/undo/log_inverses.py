"""Take back writes of logs and judgments, inside a transaction. Counters are counted again, never copied back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, or_, select, update

from evals_mcp.errors import Conflict
from evals_mcp.store.database.columns import Moment, moment
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import journal, logs, run_logs, runs
from evals_mcp.store.journal.entries import handle, later_changes, rows_of
from evals_mcp.store.logs.deletions import delete_logs
from evals_mcp.store.logs.judgments import author_key
from evals_mcp.store.logs.lookups import LOG, runs_with
from evals_mcp.store.logs.run_logs import refresh_facts


def undo_server_logs(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Delete the logs and judgments that the server itself wrote because of a write. Raises Conflict."""
    spans = rows_of(connection, entry.number, "server")
    for first, last in reversed(spans):
        of_span = logs.c.number.between(first, last)
        uses = or_(logs.c.judged_log_number.between(first, last), logs.c.trace_parent_number.between(first, last))
        for row in connection.execute(select(logs.c.id, logs.c.number).where(uses)):
            if not any(start <= row.number <= end for start, end in spans):
                raise Conflict(f"Log `{row.id}` is about a log that the server made. Undo or delete it first.")
        delete_logs(connection, list(connection.execute(select(logs.c.id).where(of_span)).scalars()), now)


def undo_new_log(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Delete a log, and give its run the status and version it had. Raises Conflict."""
    _undo_new_logs(connection, entry, [entry.subject], list(entry.result["run_ids"]), now)


def undo_outputs(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Delete the logs of a call, and give their run the status and version it had. Raises Conflict."""
    _undo_new_logs(connection, entry, entry.result["log_ids"], [entry.subject], now)


def _undo_new_logs(
    connection: Connection, entry: Row[Any], log_ids: Sequence[str], run_ids: list[str], now: datetime
) -> None:
    new = _unchanged_logs(connection, log_ids, entry.number)
    for log in new:
        _require_alone(connection, log, run_ids)
    for run_id in run_ids:
        _check_run(connection, run_id, max(log.number for log in new), changed=bool(entry.before))
    delete_logs(connection, log_ids, now)
    if entry.before:
        connection.execute(update(runs).where(runs.c.id.in_(run_ids)).values(**entry.before))


def _require_alone(connection: Connection, log: Row[Any], run_ids: list[str]) -> None:
    """Raise Conflict if something was built on a log."""
    if _any_log(connection, logs.c.judged_log_number == log.number):
        raise Conflict(f"Log `{log.id}` was judged since. Undo or delete its judgments first.")
    if _any_log(connection, logs.c.trace_parent_number == log.number):
        raise Conflict(f"Log `{log.id}` has steps now. Undo or delete them first.")
    if runs_with(connection, log.number) != run_ids:
        raise Conflict(f"Log `{log.id}` is in other runs now, so it stays.")


def undo_judgment(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Delete a judgment; the author's previous one counts again. Raises Conflict."""
    log = _unchanged_log(connection, entry.subject, entry.number)
    require_newest(connection, log)
    delete_logs(connection, [log.id], now)


def require_newest(connection: Connection, log: Row[Any]) -> None:
    """Raise Conflict if the author of a judgment judged the log again with the evaluator."""
    author = author_key(log.extra.get("user"))
    later = select(logs.c.extra).where(
        logs.c.judged_log_number == log.judged_log_number, logs.c.file_id == log.file_id, logs.c.number > log.number
    )
    if any(author_key(extra.get("user")) == author for extra in connection.execute(later).scalars()):
        raise Conflict(f"The author of judgment `{log.id}` judged the log again since. Undo that first.")


def undo_changed_log(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Give a log the values that a change replaced. Raises Conflict."""
    log = _unchanged_log(connection, entry.subject, entry.number)
    if _any_log(connection, logs.c.judged_log_number == log.number, logs.c.number > entry.before["newest"]):
        raise Conflict(f"Log `{log.id}` was judged since it changed. Undo or delete these judgments first.")
    values = {name: _value(name, value) for name, value in entry.before["values"].items()}
    connection.execute(update(logs).where(logs.c.number == log.number).values(**values))
    refresh_facts(connection, {**log._mapping, **values}, now)


def _unchanged_log(connection: Connection, log_id: str, entry_number: int) -> Row[Any]:
    """The log with this id, unless an entry after this one changed it."""
    return _unchanged_logs(connection, [log_id], entry_number)[0]


def _unchanged_logs(connection: Connection, log_ids: Sequence[str], entry_number: int) -> list[Row[Any]]:
    found = []
    for log_id in log_ids:
        log = connection.execute(LOG, {"log_id": log_id}).first()
        if log is None:
            raise Conflict(f"Log `{log_id}` was deleted since, so there is nothing to undo.")
        found.append(log)
    require_unchanged(connection, log_ids, entry_number)
    return found


def require_unchanged(connection: Connection, log_ids: Sequence[str], entry_number: int) -> None:
    """Raise Conflict if an entry after this one changed one of these logs."""
    since = (journal.c.number > entry_number, journal.c.undone_at.is_(None))
    about = select(journal.c.number, journal.c.tag, journal.c.subject).order_by(journal.c.number.desc())
    for batch in batches(log_ids):
        newest = connection.execute(about.where(*since, journal.c.subject.in_(batch)).limit(1)).first()
        if newest is not None:
            raise _changed(newest.subject, newest)
    for row in later_changes(connection, entry_number):
        if changed := set(log_ids).intersection(row.result["changed"]):
            raise _changed(min(changed), row)


def _changed(log_id: str, entry: Any) -> Conflict:
    return Conflict(f"Log `{log_id}` was changed since, by `{handle(entry)}`. Undo that first.")


def _check_run(connection: Connection, run_id: str, number: int, *, changed: bool) -> None:
    """Raise Conflict if a run was closed after a log joined it, or has later ones in what the log `changed`."""
    run = connection.execute(select(runs.c.set_status).where(runs.c.id == run_id)).one()
    if run.set_status not in (None, "running"):
        raise Conflict(f"Run `{run_id}` was {run.set_status} since. Undo that first.")
    later = exists().where(run_logs.c.run_id == run_id, run_logs.c.log_number > number)
    if changed and connection.execute(select(later)).scalar_one():
        raise Conflict(f"Run `{run_id}` was opened by this log and has later ones. Undo or delete these first.")


def _any_log(connection: Connection, *conditions: Any) -> bool:
    return bool(connection.execute(select(exists(logs.c.number).where(*conditions))).scalar_one())


def _value(name: str, stored: Any) -> Any:
    return moment(stored) if stored is not None and isinstance(logs.c[name].type, Moment) else stored
