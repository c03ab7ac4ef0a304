"""What the steps of a trace used, in the runs of the logs above them. Reads no texts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, update

from evals_mcp.models.usage import Usage, own_usage, usage_of_steps
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import logs, run_logs, runs
from evals_mcp.store.logs.rows import usage_facts

_STEPS = select(
    logs.c.number, logs.c.trace_parent_number, logs.c.judged_log_number, *(logs.c[part] for part in Usage._fields)
)
_CHILDREN = _STEPS.where(logs.c.trace_parent_number.in_(bindparam("numbers", expanding=True)))
_THEMSELVES = _STEPS.where(logs.c.number.in_(bindparam("numbers", expanding=True)))
_CHANGE_FACTS = (
    update(run_logs)
    .where(run_logs.c.log_number == bindparam("of_log"))
    .values(tokens=bindparam("of_tokens"), cost=bindparam("of_cost"))
)


def with_steps(connection: Connection, rows: Iterable[Mapping[Any, Any]]) -> list[Mapping[Any, Any]]:
    """Rows of logs; those without usage of their own have that of the steps below them."""
    rows = list(rows)
    silent = [row["number"] for row in rows if not own_usage(row).is_known]
    found = read_step_usage(connection, silent)
    return [{**row, **found[row["number"]]._asdict()} if row["number"] in found else row for row in rows]


def read_step_usage(connection: Connection, numbers: Sequence[int]) -> dict[int, Usage]:
    """The usage of the steps below logs, by their numbers. Omits logs without a step that says anything."""
    levels: list[dict[int, Mapping[str, Any]]] = []
    above: Sequence[int] = numbers
    while above:
        found: dict[int, Mapping[str, Any]] = {}
        for batch in batches(above):
            found |= _read_steps(connection, _CHILDREN, batch)
        levels.append(found)
        # What a step says itself already counts the steps below it.
        above = [number for number, step in found.items() if not own_usage(step).is_known]
    below: dict[int, list[Usage]] = {}
    for level in reversed(levels):
        upper: dict[int, list[Usage]] = {}
        for number, step in level.items():
            own = own_usage(step)
            used = own if own.is_known else usage_of_steps(below.get(number, ()))
            upper.setdefault(step["trace_parent_number"], []).append(used)
        below = upper
    usage = {number: usage_of_steps(steps) for number, steps in below.items()}
    return {number: used for number, used in usage.items() if used.is_known}


def refresh_above(connection: Connection, parents: Iterable[int], now: datetime) -> None:
    """Update the usage of these logs and of all above them in their runs, after a step below them changed."""
    above: dict[int, Mapping[str, Any]] = {}
    waiting = sorted(set(parents))
    while waiting:
        for batch in batches(waiting):
            above |= _read_steps(connection, _THEMSELVES, batch)
        upper = {above[number]["trace_parent_number"] for number in waiting if number in above}
        waiting = sorted(number for number in upper - {None} if number not in above)
    silent = [number for number, row in above.items() if not own_usage(row).is_known]
    in_runs: dict[int, list[str]] = {}
    for batch in batches(silent):
        links = select(run_logs.c.log_number, run_logs.c.run_id).where(run_logs.c.log_number.in_(batch))
        for number, run_id in connection.execute(links):
            in_runs.setdefault(number, []).append(run_id)
    if not in_runs:
        return
    found = read_step_usage(connection, list(in_runs))
    facts = [(number, usage_facts(found.get(number, Usage()))) for number in in_runs]
    connection.execute(
        _CHANGE_FACTS,
        [{"of_log": number, "of_tokens": tokens, "of_cost": cost} for number, (tokens, cost) in facts],
    )
    changed = sorted({run_id for run_ids in in_runs.values() for run_id in run_ids})
    for batch_of_runs in batches(changed):
        of_runs = update(runs).where(runs.c.id.in_(batch_of_runs))
        connection.execute(of_runs.values(revision=runs.c.revision + 1, updated_at=now))


def _read_steps(connection: Connection, steps: Select[Any], numbers: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Logs without the judgments, by number. SQLite would look up "judges nothing" in an index, and read most logs."""
    rows = connection.execute(steps, {"numbers": numbers}).mappings()
    return {row["number"]: dict(row) for row in rows if row["judged_log_number"] is None}
