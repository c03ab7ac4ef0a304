"""Add many new logs to a run, and keep its counters exact."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from evals_mcp.store.database.many import among, insert_rows
from evals_mcp.store.database.tables import dataset_datapoints, run_logs
from evals_mcp.store.logs.run_logs import NewLogs, count_logs, run_log


def link_new_logs(connection: Connection, run: Row[Any], rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Add new, unjudged logs (rows with their numbers) to a run. Its status stays unchanged."""
    links = [run_log(run.id, row) for row in rows]
    first_logged = _count_first_logged(connection, run, {row["datapoint_id"] for row in rows} - {None})
    insert_rows(connection, run_logs, links)
    counts = NewLogs(len(links), sum(not link["complete"] for link in links), first_logged)
    count_logs(connection, run, counts, run.set_status, rows[0]["version_id"], now)


def _count_first_logged(connection: Connection, run: Row[Any], datapoint_ids: set[str]) -> int:
    """How many of these datapoints are in the run's dataset and have no log in the run yet."""
    if run.dataset_version_id is None:
        return 0
    logged = exists(run_logs.c.log_number).where(
        run_logs.c.run_id == run.id, run_logs.c.datapoint_id == dataset_datapoints.c.datapoint_id
    )
    in_dataset = dataset_datapoints.c.version_id == run.dataset_version_id
    wanted = among(connection, dataset_datapoints.c.datapoint_id, datapoint_ids)
    first = select(func.count()).select_from(dataset_datapoints).where(in_dataset, wanted, ~logged)
    return connection.execute(first).scalar_one()
