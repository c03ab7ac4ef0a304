"""Delete what did not change for long: whole evaluations and their runs, and logs outside of runs. In small steps.

A run is never cut: it goes as a whole, after no evaluation has it any more. Each step is one transaction, so others
write in between, and a process that is killed leaves whole steps; the next one goes on.
"""

from collections.abc import Collection, Generator, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select, union

from evals_mcp.errors import NotFound
from evals_mcp.store.database.acts import note
from evals_mcp.store.database.many import among
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import evaluation_runs, evaluations, judged_counts, judgments, logs, run_logs, runs
from evals_mcp.store.evaluations.evaluations import delete_evaluation
from evals_mcp.store.logs.deletions import delete_logs
from evals_mcp.store.logs.run_logs import recount_run

_RUN_LOGS = 500
_LOGS = 200
"""Logs of a step, so that it takes a fraction of a second."""


class OldEvaluation(NamedTuple):
    """An evaluation that did not change for long, and when it changed last."""

    id: str
    name: str | None
    changed_at: datetime
    runs: int


class Plan(NamedTuple):
    """What is old: evaluations, runs that nothing else has, and logs that no remaining run has, with judgments."""

    evaluations: Sequence[OldEvaluation]
    runs: int
    logs: int
    judgments: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to delete."""
        return not (self.evaluations or self.runs or self.logs)


class Retention(Repository):
    """Plans and deletes what is older than a moment. `keep` has the ids of evaluations that stay."""

    def plan(self, before: datetime, keep: Collection[str]) -> Plan:
        """Count what `delete` would delete. Changes nothing."""
        with self._database.read() as connection:
            old = _old_evaluations(connection, before, keep)
            runs_going = _runs_going(connection, [item.id for item in old], before)
            roots = select(logs.c.number).where(_is_old_log(connection, before, runs_going)).cte("roots")
            of_roots = select(roots.c.number)
            in_traces = or_(logs.c.number.in_(of_roots), logs.c.trace_root_number.in_(of_roots))
            traces = select(logs.c.number).where(in_traces).cte("traces")
            judging = select(logs.c.number).where(logs.c.judged_log_number.in_(select(traces.c.number))).cte("judging")
            steps = select(logs.c.number).where(logs.c.trace_root_number.in_(select(judging.c.number)))
            going = union(select(traces.c.number), select(judging.c.number), steps)  # also steps of judgments
            is_judgment = logs.c.judged_log_number.is_not(None)
            counted = select(is_judgment, func.count()).where(logs.c.number.in_(going)).group_by(is_judgment)
            counts = {bool(judges): count for judges, count in connection.execute(counted).all()}
            return Plan(old, len(runs_going), counts.get(False, 0), counts.get(True, 0))

    def steps(self, before: datetime, keep: Collection[str]) -> Generator[int]:
        """Delete it step by step. Yields the number of rows of each step, after its transaction.

        What has changed since the plan stays.
        """
        with self._database.read() as connection:
            old = [item.id for item in _old_evaluations(connection, before, keep)]
        for evaluation_id in old:
            with self._database.write() as connection:
                if any(item.id == evaluation_id for item in _old_evaluations(connection, before, keep, evaluation_id)):
                    delete_evaluation(connection, evaluation_id)
                    note("deleted", evaluation_id)
            yield 1
        yield from self._delete_runs(before)
        yield from self._delete_logs(before)

    def _delete_runs(self, before: datetime) -> Iterator[int]:
        """Delete the runs that no evaluation has, a part of their logs in each step."""
        with self._database.read() as connection:
            run_ids = _runs_going(connection, [], before)
        for run_id in run_ids:
            while True:
                with self._database.write() as connection:
                    removed = _cut(connection, run_id, before)
                yield removed
                if removed < _RUN_LOGS:
                    break

    def _delete_logs(self, before: datetime) -> Iterator[int]:
        last = 0
        while True:
            with self._database.read() as connection:
                wanted = select(logs.c.number, logs.c.id).where(
                    logs.c.number > last, _is_old_log(connection, before, [])
                )
                rows = connection.execute(wanted.order_by(logs.c.number).limit(_LOGS)).all()
            if not rows:
                return
            last = rows[-1].number
            with self._database.write() as connection:
                still = select(logs.c.id).where(
                    among(connection, logs.c.number, [row.number for row in rows]), _is_old_log(connection, before, [])
                )
                ids = list(connection.execute(still).scalars())
                if ids:
                    delete_logs(connection, ids, self._database.now())
                    note("deleted", *ids[-1:])
            yield len(ids)


def find_evaluations(connection: Connection, names: Sequence[str]) -> set[str]:
    """The ids of evaluations with these names or ids. Raises NotFound for one that is not there."""
    found: set[str] = set()
    for name in names:
        is_it = or_(evaluations.c.id == name, evaluations.c.name == name)
        ids = set(connection.execute(select(evaluations.c.id).where(is_it)).scalars())
        if not ids:
            raise NotFound(f"No evaluation is named `{name}`. Nothing was changed.")
        found |= ids
    return found


def _old_evaluations(
    connection: Connection, before: datetime, keep: Collection[str], only: str | None = None
) -> list[OldEvaluation]:
    """Evaluations that, with all of their runs, did not change since a moment, oldest first."""
    in_it = evaluation_runs.c.evaluation_id == evaluations.c.id
    changed = select(evaluation_runs.c.run_id).join(runs, runs.c.id == evaluation_runs.c.run_id)
    counted = select(func.count()).select_from(evaluation_runs).where(in_it).correlate(evaluations)
    wanted = select(evaluations.c.id, evaluations.c.name, evaluations.c.updated_at, counted.scalar_subquery()).where(
        evaluations.c.updated_at < before,
        ~changed.where(in_it, runs.c.updated_at >= before).correlate(evaluations).exists(),
    )
    if only is not None:
        wanted = wanted.where(evaluations.c.id == only)
    rows = connection.execute(wanted.order_by(evaluations.c.updated_at, evaluations.c.number))
    return [OldEvaluation(*row) for row in rows if row.id not in keep]


def _runs_going(connection: Connection, evaluation_ids: Sequence[str], before: datetime) -> list[str]:
    """The runs that did not change since a moment and that only these evaluations have, or none."""
    stays = exists().where(
        evaluation_runs.c.run_id == runs.c.id, ~among(connection, evaluation_runs.c.evaluation_id, evaluation_ids)
    )
    wanted = select(runs.c.id).where(runs.c.updated_at < before, ~stays.correlate(runs))
    return list(connection.execute(wanted.order_by(runs.c.number)).scalars())


def _cut(connection: Connection, run_id: str, before: datetime) -> int:
    """Take some logs out of a run that no evaluation has, and delete it with the last ones. Returns their number."""
    run = connection.execute(select(runs).where(runs.c.id == run_id)).first()
    if run is None or run_id not in _runs_going_of(connection, run_id, before):
        return 0
    in_run = select(run_logs.c.log_number).where(run_logs.c.run_id == run_id).order_by(run_logs.c.log_number)
    numbers = list(connection.execute(in_run.limit(_RUN_LOGS)).scalars())
    for table in (judgments, run_logs):
        of_logs = among(connection, table.c.log_number, numbers)
        connection.execute(delete(table).where(table.c.run_id == run_id, of_logs))
    if len(numbers) == _RUN_LOGS:
        recount_run(connection, run_id, run.updated_at)
    else:
        connection.execute(delete(judged_counts).where(judged_counts.c.run_id == run_id))
        connection.execute(delete(runs).where(runs.c.id == run_id))
        note("deleted", run_id)
    return len(numbers)


def _runs_going_of(connection: Connection, run_id: str, before: datetime) -> list[str]:
    in_any = exists().where(evaluation_runs.c.run_id == runs.c.id)
    is_it = (runs.c.id == run_id, runs.c.updated_at < before, ~in_any.correlate(runs))
    return list(connection.execute(select(runs.c.id).where(*is_it)).scalars())


def _is_old_log(connection: Connection, before: datetime, runs_going: Sequence[str]) -> ColumnElement[bool]:
    """Whether a log, its trace and its judgments are older than a moment, and no run that stays has one of them, or
    a log that one of them judges.

    True for roots of traces, and for logs without one.
    """
    part, judging = logs.alias("part"), logs.alias("judging")
    in_trace = or_(part.c.number == logs.c.number, part.c.trace_root_number == logs.c.number)
    stays = ~among(connection, run_logs.c.run_id, runs_going)
    is_new: Any = select(part.c.number).where(in_trace, part.c.created_at >= before).correlate(logs).exists()
    is_held, judges = (
        select(part.c.number)
        .select_from(part.join(run_logs, and_(run_logs.c.log_number == number, stays)))
        .where(in_trace)
        .correlate(logs)
        .exists()
        for number in (part.c.number, part.c.judged_log_number)
    )
    is_judged: Any = (
        select(judging.c.number)
        .select_from(part.join(judging, judging.c.judged_log_number == part.c.number))
        .where(in_trace, judging.c.created_at >= before)
        .correlate(logs)
        .exists()
    )
    is_root = and_(logs.c.judged_log_number.is_(None), logs.c.trace_parent_number.is_(None))
    return and_(is_root, logs.c.created_at < before, ~is_new, ~is_held, ~judges, ~is_judged)
