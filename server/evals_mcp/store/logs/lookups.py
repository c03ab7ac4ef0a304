"""Find logs and runs inside a transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, or_, select

from evals_mcp.errors import Invalid, NotFound
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import dataset_datapoints, logs, run_logs, runs

# Build the statements once: building takes several times as long as running.
LOG = select(logs).where(logs.c.id == bindparam("log_id"))
_KEY = select(logs.c.number, logs.c.judged_log_number, logs.c.trace_root_number).where(logs.c.id == bindparam("log_id"))
_RUN = select(runs).where(runs.c.id == bindparam("run_id"))
_WAITING_RUN = (
    select(runs)
    .join(dataset_datapoints, dataset_datapoints.c.version_id == runs.c.dataset_version_id)
    .where(
        runs.c.version_id == bindparam("version_id"),
        dataset_datapoints.c.datapoint_id == bindparam("datapoint_id"),
        runs.c.orchestrated.is_(False),
        or_(runs.c.set_status.is_(None), runs.c.set_status == "running"),
        ~exists(run_logs.c.log_number).where(
            run_logs.c.run_id == runs.c.id, run_logs.c.datapoint_id == bindparam("datapoint_id")
        ),
    )
    .order_by(runs.c.number.desc())
    .limit(1)
)


def find_log(connection: Connection, log_id: str) -> Row[Any]:
    """The row of a log. Raises NotFound."""
    row = connection.execute(LOG, {"log_id": log_id}).first()
    if row is None:
        raise NotFound(f"Log `{log_id}` does not exist.")
    return row


def find_key(connection: Connection, log_id: str) -> Any:
    """The numbers of a log, of the log that it judges and of the root of its trace; its texts are not read."""
    row = connection.execute(_KEY, {"log_id": log_id}).first()
    if row is None:
        raise NotFound(f"Log `{log_id}` does not exist.")
    return row


def find_any_run(connection: Connection, run_id: str) -> Row[Any]:
    """The row of a run in any evaluation. Raises NotFound."""
    row = connection.execute(_RUN, {"run_id": run_id}).first()
    if row is None:
        raise NotFound(f"Run `{run_id}` does not exist.")
    return row


def waiting_run(connection: Connection, version_id: str, datapoint_id: str) -> Row[Any] | None:
    """The newest open run of this version that is not orchestrated and has no log for this datapoint."""
    return connection.execute(_WAITING_RUN, {"version_id": version_id, "datapoint_id": datapoint_id}).first()


def log_numbers(connection: Connection, ids: Sequence[str]) -> list[int]:
    """The numbers of logs, in the order of the ids. Raises NotFound if one does not exist."""
    found: dict[str, Row[Any]] = {}
    for batch in batches(list(dict.fromkeys(ids))):
        rows = connection.execute(
            select(logs.c.id, logs.c.number, logs.c.judged_log_number).where(logs.c.id.in_(batch))
        )
        found |= {row.id: row for row in rows}
    for log_id in ids:
        if log_id not in found:
            raise NotFound(f"Log `{log_id}` does not exist. No log was added.")
        if found[log_id].judged_log_number is not None:
            raise Invalid(f"Log `{log_id}` is an evaluator log and cannot be in a run. No log was added.")
    return list(dict.fromkeys(found[log_id].number for log_id in ids))


def runs_with(connection: Connection, number: int) -> list[str]:
    """The ids of the runs that have the log with this number."""
    in_runs = select(run_logs.c.run_id).where(run_logs.c.log_number == number).order_by(run_logs.c.run_id)
    return list(connection.execute(in_runs).scalars())
