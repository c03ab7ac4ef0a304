"""Pages of the logs in runs, inside a transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from evals_mcp.models.evaluations import EvaluationLogResponse
from evals_mcp.store.database.tables import run_logs
from evals_mcp.store.evaluations.run_status import Attachment
from evals_mcp.store.files.datasets import read_datapoints_by_id
from evals_mcp.store.logs.responses import read_logs


def page_keys(connection: Connection, wanted: Sequence[Row[Any]], limit: int, offset: int) -> list[Any]:
    """Run id, log number and datapoint id of one page. Counters skip the runs before the page."""
    keys: list[Any] = []
    for run in wanted:
        if offset >= run.logs_count:
            offset -= run.logs_count
            continue
        if len(keys) == limit:
            break
        statement = (
            select(run_logs.c.run_id, run_logs.c.log_number, run_logs.c.datapoint_id)
            .where(run_logs.c.run_id == run.id)
            .order_by(run_logs.c.log_number.desc())
            .limit(limit - len(keys))
            .offset(offset)
        )
        keys.extend(connection.execute(statement))
        offset = 0
    return keys


def evaluation_logs(
    connection: Connection, keys: Sequence[Any], attachments: Sequence[Attachment], *, traces: bool
) -> list[EvaluationLogResponse]:
    """The logs of these keys in API form, with the judgments of the attached evaluators."""
    found = read_logs(connection, list(dict.fromkeys(key.log_number for key in keys)), traces=traces)
    by_number = dict(zip(dict.fromkeys(key.log_number for key in keys), found, strict=True))
    points = read_datapoints_by_id(connection, [key.datapoint_id for key in keys if key.datapoint_id])
    evaluators = {item.evaluator_id for item in attachments}
    return [
        EvaluationLogResponse(
            run_id=key.run_id,
            log=(log := by_number[key.log_number]),
            evaluator_logs=[judgment for judgment in log.evaluator_logs if judgment.evaluator.id in evaluators],
            datapoint=points.get(key.datapoint_id),
        )
        for key in keys
    ]
