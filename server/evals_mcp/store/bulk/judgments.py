"""Add many judgments to the runs of the judged logs, and keep the runs' counters exact."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from evals_mcp.store.database.many import among, insert_rows
from evals_mcp.store.database.tables import judgments, run_logs
from evals_mcp.store.logs.judgments import JudgedBy, JudgmentColumns
from evals_mcp.store.logs.run_logs import CHANGE_RUNS, RECORD_JUDGMENT, SUPERSEDE_JUDGMENT, NewlyJudged, count_judged


class NewJudgment(NamedTuple):
    """A judgment with a stored evaluator log, newer than all others of the judged log."""

    judged_log_number: int
    by: JudgedBy
    evaluator_log_number: int
    columns: JudgmentColumns


class RunLink(NamedTuple):
    """A run with a log, and the log's datapoint."""

    run_id: str
    datapoint_id: str | None


def add_judgments(
    connection: Connection, new: Sequence[NewJudgment], new_links: Mapping[int, list[RunLink]], now: datetime
) -> None:
    """Record judgments, oldest first, in all runs with the judged logs; see `add_judgment`.

    `new_links` belong to logs that are also new and have no other judgments, by log number.
    """
    older = sorted({item.judged_log_number for item in new if item.judged_log_number not in new_links})
    links = {**new_links, **_read_links(connection, older)}
    before = _read_judged(connection, older)
    newest = {(item.judged_log_number, item.by.evaluator_id, item.by.author): item for item in new}
    by_version = {(item.judged_log_number, item.by): item for item in new}
    superseded = [dict(zip(_SUPERSEDED, key, strict=True)) for key in newest if key in before]
    if superseded:
        connection.execute(SUPERSEDE_JUDGMENT, superseded)
    rows: list[dict[str, Any]] = []
    of_new_logs: list[dict[str, Any]] = []
    for (number, _), item in by_version.items():
        latest = newest[number, item.by.evaluator_id, item.by.author] is item
        values = (*item.columns, *item.by, number, item.evaluator_log_number, latest)
        to = of_new_logs if number in new_links else rows
        to += [dict(zip(_COLUMNS, (*values, *link), strict=True)) for link in links[number]]
    if of_new_logs:
        insert_rows(connection, judgments, of_new_logs)
    if rows:
        connection.execute(RECORD_JUDGMENT.on(connection), rows)
    run_ids = {link.run_id for number, _, _ in newest for link in links[number]}
    if not run_ids:
        return
    of_logs = {(number, evaluator_id) for number, evaluator_id, _ in newest}
    new_logs = _count_in_runs(of_logs - {(number, evaluator_id) for number, evaluator_id, _ in before}, links)
    for evaluator_id, added in _count_in_runs(set(newest) - before, links).items():
        more = {run_id: NewlyJudged(new_logs[evaluator_id][run_id], count) for run_id, count in added.items()}
        if more:
            count_judged(connection, evaluator_id, more, now)
    connection.execute(CHANGE_RUNS, {"of_runs": sorted(run_ids), "now": now})


def _count_in_runs(
    judged: Iterable[tuple[Any, ...]], links: Mapping[int, Sequence[RunLink]]
) -> dict[str, Counter[str]]:
    """By evaluator and run, how many of these start with the number of a log of the run, and the evaluator's id."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for number, evaluator_id, *_ in judged:
        of_evaluator = counts[evaluator_id]
        for link in links[number]:
            of_evaluator[link.run_id] += 1
    return counts


def _read_links(connection: Connection, numbers: Sequence[int]) -> dict[int, list[RunLink]]:
    """The runs of logs, by log number."""
    found: dict[int, list[RunLink]] = {number: [] for number in numbers}
    columns = (run_logs.c.log_number, run_logs.c.run_id, run_logs.c.datapoint_id)
    for row in connection.execute(select(*columns).where(among(connection, run_logs.c.log_number, numbers))):
        found[row.log_number].append(RunLink(row.run_id, row.datapoint_id))
    return found


_COLUMNS = (
    *JudgmentColumns._fields,
    *JudgedBy._fields,
    *("log_number", "evaluator_log_number", "latest"),
    *RunLink._fields,
)
_SUPERSEDED = ("of_log", "by_evaluator", "by_author")


def _read_judged(connection: Connection, numbers: Sequence[int]) -> set[tuple[int, str, str]]:
    """The existing judgments, which are the same in all runs: log number, evaluator id and author."""
    columns = (judgments.c.log_number, judgments.c.evaluator_id, judgments.c.author)
    of_logs = among(connection, judgments.c.log_number, numbers)
    return {tuple(row) for row in connection.execute(select(*columns).where(of_logs))}
