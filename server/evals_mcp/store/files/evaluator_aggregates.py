"""Evaluator aggregates of a file's versions: means over all logs of a version, in runs or not."""

from collections import defaultdict
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from evals_mcp.models.versions import EvaluatorAggregate
from evals_mcp.store.database.tables import logs

Aggregates = dict[str, list[EvaluatorAggregate]]


class _Judgment(NamedTuple):
    log_number: int
    version_id: str
    evaluator_id: str
    evaluator_version_id: str
    judgment: Any
    created_at: datetime


def read_aggregates(connection: Connection, file_id: str) -> Aggregates:
    """Means by version id, one per evaluator version: the mean of numbers, or the rate of true for booleans.

    The newest judgment of a log by an evaluator's author counts; a log that several authors judged has their mean.
    Means exclude abstentions and failures.
    """
    judged = logs.alias("judged")
    statement = (
        select(
            judged.c.number,
            judged.c.version_id,
            logs.c.file_id.label("evaluator_id"),
            logs.c.version_id.label("evaluator_version_id"),
            logs.c.judgment,
            logs.c.error.is_not(None).label("failed"),
            logs.c.created_at,
            logs.c.extra["user"].label("author"),
        )
        .join(judged, judged.c.number == logs.c.judged_log_number)
        .where(judged.c.file_id == file_id)
        .order_by(logs.c.number)
    )
    newest: dict[tuple[int, str, str], _Judgment] = {}
    for row in connection.execute(statement):
        judgment = None if row.failed else row.judgment
        newest[row.number, row.evaluator_id, row.author or ""] = _Judgment(
            row.number, row.version_id, row.evaluator_id, row.evaluator_version_id, judgment, row.created_at
        )
    grouped: dict[tuple[str, str, str], list[_Judgment]] = defaultdict(list)
    for item in newest.values():
        if isinstance(item.judgment, bool | int | float):
            grouped[item[1:4]].append(item)
    found: Aggregates = defaultdict(list)
    for (version_id, evaluator_id, evaluator_version_id), items in grouped.items():
        times = [item.created_at for item in items]
        of_logs: dict[int, list[float]] = defaultdict(list)
        for item in items:
            of_logs[item.log_number].append(item.judgment)
        found[version_id].append(
            EvaluatorAggregate(
                value=sum(sum(values) / len(values) for values in of_logs.values()) / len(of_logs),
                evaluator_id=evaluator_id,
                evaluator_version_id=evaluator_version_id,
                created_at=min(times),
                updated_at=max(times),
            )
        )
    return found
