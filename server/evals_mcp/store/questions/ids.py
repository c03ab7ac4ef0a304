"""Ids of logs and datapoints by how they begin, so that nobody need write them out; nothing else is read."""

from sqlalchemy import Column, ColumnElement, Connection, select

from evals_mcp.models.rows import FoundIds
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.tables import dataset_datapoints, logs
from evals_mcp.store.evaluations.evaluations import find_evaluation
from evals_mcp.store.evaluations.run_status import read_runs


class IdPrefixes:
    """Finds ids by their first characters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_logs(self, beginning: str, limit: int) -> FoundIds:
        """Ids of logs that begin so, the newest first, at most `limit`."""
        with self._database.read() as connection:
            begins = _begins(connection, logs.c.id, beginning)
            statement = select(logs.c.id).where(begins).order_by(logs.c.number.desc()).limit(limit)
            return FoundIds(ids=list(connection.execute(statement).scalars()))

    def find_datapoints(self, evaluation_id: str, beginning: str, limit: int) -> FoundIds:
        """Ids of datapoints that begin so, at most `limit`: of the newest run's dataset first, in its order.

        Raises NotFound for an unknown evaluation.
        """
        columns = dataset_datapoints.c
        found: dict[str, None] = {}
        with self._database.read() as connection:
            find_evaluation(connection, evaluation_id)
            begins = _begins(connection, columns.datapoint_id, beginning)
            for version_id in dict.fromkeys(run.dataset_version_id for run in read_runs(connection, evaluation_id)):
                in_version = select(columns.datapoint_id).where(columns.version_id == version_id, begins)
                found |= dict.fromkeys(connection.execute(in_version.order_by(columns.position).limit(limit)).scalars())
        return FoundIds(ids=list(found)[:limit])


def _begins(connection: Connection, column: Column[str], beginning: str) -> ColumnElement[bool]:
    if connection.dialect.name == "sqlite":
        # SQLite's LIKE minds no case and uses no index; texts are ordered by their code points there.
        return (column >= beginning) & (column < beginning + "\U0010ffff")
    return column.startswith(beginning, autoescape=True)
