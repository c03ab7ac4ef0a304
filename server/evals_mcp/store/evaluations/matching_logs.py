"""Logs that fit a run: of its version, and of a datapoint of its dataset."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, select

from evals_mcp.errors import Invalid
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import dataset_datapoints, logs, run_logs

_NAMED = 6
"""Logs to name in an error."""


def require_matching(connection: Connection, run: Row[Any], numbers: Sequence[int]) -> None:
    """Raise Invalid with the logs that fit neither the run's version nor its dataset. Logs in the run stay there."""
    in_run = exists().where(run_logs.c.run_id == run.id, run_logs.c.log_number == logs.c.number)
    in_dataset = exists().where(
        dataset_datapoints.c.version_id == run.dataset_version_id,
        dataset_datapoints.c.datapoint_id == logs.c.datapoint_id,
    )
    kinds = (
        ("of another version than the run's", run.version_id, logs.c.version_id != run.version_id),
        ("of no datapoint in the run's dataset version", run.dataset_version_id, ~in_dataset),
    )
    wrong = []
    for kind, required, differs in kinds:
        ids = [] if required is None else list(_ids_where(connection, numbers, differs, ~in_run))
        if ids:
            more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
            wrong.append(f"{kind}: {', '.join(f'`{id}`' for id in ids[:_NAMED])}{more}")
    if wrong:
        raise Invalid(f"No log was added. Logs {'; logs '.join(wrong)}. Leave them out, or add them to their run.")


def _ids_where(connection: Connection, numbers: Sequence[int], *conditions: ColumnElement[bool]) -> Iterator[str]:
    """The ids of those of these logs that meet the conditions."""
    for batch in batches(numbers):
        found = select(logs.c.id).where(logs.c.number.in_(batch), *conditions).order_by(logs.c.number)
        yield from connection.execute(found).scalars()
