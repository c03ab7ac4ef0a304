"""How many messages the conversations of logs have. Reads no texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, case, func, select

from evals_mcp.store.database.tables import datapoints, logs, run_logs
from evals_mcp.store.questions.run_columns import RunsAsColumns, fetch

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_turns(connection: Connection, found: RunsAsColumns) -> list[NDArray[Any]]:
    """The messages that the model got, for each log of each run: of the log, else of its datapoint; NaN for none."""
    import numpy as np

    content = datapoints.c.content
    if connection.dialect.name == "sqlite":
        of_datapoint: Any = func.json_array_length(content, "$.messages")
    else:
        of_datapoint = case(
            (func.json_typeof(content["messages"]) == "array", func.json_array_length(content["messages"]))
        )
    statement = (
        select(run_logs.c.log_number, func.coalesce(func.json_array_length(logs.c.messages), of_datapoint))
        .join(logs, logs.c.number == run_logs.c.log_number)
        .outerjoin(datapoints, datapoints.c.id == run_logs.c.datapoint_id)
        .where(run_logs.c.run_id == bindparam("run_id"))
        .order_by(run_logs.c.log_number)
    )
    columns = []
    for run_id, numbers in found.numbers.items():
        rows = fetch(connection, statement.params(run_id=run_id), ("i8", "O"))
        amounts = rows["f1"].astype(float)[np.searchsorted(rows["f0"], numbers)]
        columns.append(np.where(amounts > 0, amounts, np.nan))
    return columns
