"""The logs that a judge's prompt shows as examples."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, select

from evals_mcp.store.database.tables import logs, run_logs

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NUMBERS = select(logs.c.number).where(logs.c.id.in_(bindparam("ids", expanding=True)))
_DATAPOINTS = (
    select(run_logs.c.datapoint_id)
    .join(logs, logs.c.number == run_logs.c.log_number)
    .where(logs.c.id.in_(bindparam("ids", expanding=True)), run_logs.c.datapoint_id.is_not(None))
    .distinct()
)


def are_examples(
    connection: Connection, ids: Sequence[str], numbers: "NDArray[Any]", datapoint_ids: "NDArray[Any]"
) -> "NDArray[Any]":
    """Whether each of some logs is an example, or a log of a datapoint that is one. `ids` are of the examples."""
    import numpy as np

    shown = list(connection.execute(_NUMBERS, {"ids": list(ids)}).scalars())
    of_datapoints = np.fromiter(map(set(ids).__contains__, datapoint_ids), bool, len(datapoint_ids))
    return np.asarray(np.isin(numbers, shown) | of_datapoints)


def example_datapoints(connection: Connection, ids: Sequence[str]) -> set[str]:
    """The datapoints that are examples, or have a log that is one. `ids` are of logs and datapoints."""
    return {*ids, *connection.execute(_DATAPOINTS, {"ids": list(ids)}).scalars()}
