"""Delete logs and everything that depends on them, inside a transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, or_, select, update

from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import judgments, logs, run_logs, versions
from evals_mcp.store.journal.entries import forget_texts, keep_names
from evals_mcp.store.logs.run_logs import recount_run, unlink_judgments
from evals_mcp.store.logs.step_usage import refresh_above


def delete_logs(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Delete logs with their judgments, the traces below them and their texts in the journal. Ignores unknown ids."""
    numbers = _numbers_of(connection, ids)
    numbers |= dependants(connection, numbers)
    run_ids = unlink_judgments(connection, _judgments_of_others(connection, numbers))
    parents = _parents_of(connection, numbers)
    # Everything that depends on a log was stored after it.
    for batch in batches(sorted(numbers, reverse=True)):
        of_run = run_logs.c.log_number.in_(batch)
        run_ids |= set(connection.execute(select(run_logs.c.run_id).where(of_run).distinct()).scalars())
        connection.execute(delete(judgments).where(judgments.c.log_number.in_(batch)))
        connection.execute(delete(run_logs).where(of_run))
    for batch in batches(sorted(numbers, reverse=True)):
        _uncount(connection, batch)
        deleted = list(connection.execute(select(logs.c.id).where(logs.c.number.in_(batch))).scalars())
        keep_names(connection, deleted)
        forget_texts(connection, deleted)
        connection.execute(delete(logs).where(logs.c.number.in_(batch)))
    refresh_above(connection, parents, now)
    for run_id in sorted(run_ids):
        recount_run(connection, run_id, now)


def _numbers_of(connection: Connection, ids: Sequence[str]) -> set[int]:
    found: set[int] = set()
    for batch in batches(ids):
        found |= set(connection.execute(select(logs.c.number).where(logs.c.id.in_(batch))).scalars())
    return found


def dependants(connection: Connection, numbers: Collection[int]) -> set[int]:
    """The numbers of the other logs that go with logs: of their trace children, and of the judgments of all of them."""
    known = set(numbers)
    newest = sorted(known)
    while newest:
        below: set[int] = set()
        for batch in batches(newest):
            hangs = or_(logs.c.judged_log_number.in_(batch), logs.c.trace_parent_number.in_(batch))
            below |= set(connection.execute(select(logs.c.number).where(hangs)).scalars())
        newest = sorted(below - known)
        known |= below
    return known.difference(numbers)


def _parents_of(connection: Connection, numbers: set[int]) -> set[int]:
    """The logs outside of these logs with one of them as a step."""
    found: set[int] = set()
    for batch in batches(sorted(numbers)):
        parents = select(logs.c.trace_parent_number).where(logs.c.number.in_(batch))
        found |= set(connection.execute(parents.where(logs.c.trace_parent_number.is_not(None))).scalars())
    return found - numbers


def _judgments_of_others(connection: Connection, numbers: set[int]) -> list[int]:
    """The logs that judge a log outside of these logs."""
    found: list[int] = []
    for batch in batches(sorted(numbers)):
        rows = connection.execute(
            select(logs.c.number, logs.c.judged_log_number).where(
                logs.c.number.in_(batch), logs.c.judged_log_number.is_not(None)
            )
        )
        found += [row.number for row in rows if row.judged_log_number not in numbers]
    return found


def _uncount(connection: Connection, numbers: Sequence[int]) -> None:
    counted = select(logs.c.version_id, func.count()).where(logs.c.number.in_(numbers)).group_by(logs.c.version_id)
    for version_id, count in connection.execute(counted.order_by(logs.c.version_id)).all():
        connection.execute(
            update(versions).where(versions.c.id == version_id).values(logs_count=versions.c.logs_count - count)
        )
