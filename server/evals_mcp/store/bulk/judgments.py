"""Add many judgments to the runs of the judged logs, and keep the runs' counters exact."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from evals_mcp.store.database.many import among, insert_rows
from evals_mcp.store.database.tables import judgments, run_logs
from evals_mcp.store.logs.judgments import JudgmentColumns
from evals_mcp.store.logs.run_logs import CHANGE_RUNS, RECORD_JUDGMENT, SUPERSEDE_JUDGMENT, count_judged


class NewJudgment(NamedTuple):
    """A judgment with a stored evaluator log, newer than all others of the judged log."""

    judged_log_number: int
    evaluator_id: str
    evaluator_version_id: str
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
    judged = {(number, evaluator_id) for _, number, evaluator_id in before}
    newest = {(item.judged_log_number, item.evaluator_id): item for item in new}
    by_version = {(item.judged_log_number, item.evaluator_version_id): item for item in new}
    superseded = [{"of_log": log, "by_evaluator": evaluator} for log, evaluator in newest if (log, evaluator) in judged]
    if superseded:
        connection.execute(SUPERSEDE_JUDGMENT, superseded)
    rows: list[dict[str, Any]] = []
    of_new_logs: list[dict[str, Any]] = []
    for (number, _), item in by_version.items():
        fields = item.columns._asdict() | {
            "evaluator_id": item.evaluator_id,
            "log_number": number,
            "evaluator_version_id": item.evaluator_version_id,
            "evaluator_log_number": item.evaluator_log_number,
            "latest": newest[number, item.evaluator_id] is item,
        }
        to = of_new_logs if number in new_links else rows
        to += [{**fields, "run_id": link.run_id, "datapoint_id": link.datapoint_id} for link in links[number]]
    if of_new_logs:
        insert_rows(connection, judgments, of_new_logs)
    if rows:
        connection.execute(RECORD_JUDGMENT.on(connection), rows)
    run_ids = {link.run_id for number, _ in newest for link in links[number]}
    if not run_ids:
        return
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for number, evaluator_id in newest:
        with_log = (link.run_id for link in links[number])
        counts[evaluator_id].update(run_id for run_id in with_log if (run_id, number, evaluator_id) not in before)
    for evaluator_id, of_runs in counts.items():
        if of_runs:
            count_judged(connection, evaluator_id, of_runs, now)
    connection.execute(CHANGE_RUNS, {"of_runs": sorted(run_ids), "now": now})


def _read_links(connection: Connection, numbers: Sequence[int]) -> dict[int, list[RunLink]]:
    """The runs of logs, by log number."""
    found: dict[int, list[RunLink]] = {number: [] for number in numbers}
    columns = (run_logs.c.log_number, run_logs.c.run_id, run_logs.c.datapoint_id)
    for row in connection.execute(select(*columns).where(among(connection, run_logs.c.log_number, numbers))):
        found[row.log_number].append(RunLink(row.run_id, row.datapoint_id))
    return found


def _read_judged(connection: Connection, numbers: Sequence[int]) -> set[tuple[str, int, str]]:
    """The existing judgments: run id, evaluator id and log number."""
    columns = (judgments.c.run_id, judgments.c.log_number, judgments.c.evaluator_id)
    of_logs = among(connection, judgments.c.log_number, numbers)
    return {
        (row.run_id, row.log_number, row.evaluator_id) for row in connection.execute(select(*columns).where(of_logs))
    }
