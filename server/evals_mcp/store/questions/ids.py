"""Find ids of logs and datapoints by prefix. Reads nothing else."""

from sqlalchemy import Column, ColumnElement, Connection, select

from evals_mcp.models.rows import FoundIds
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import dataset_datapoints, logs
from evals_mcp.store.evaluations.evaluations import find_evaluation
from evals_mcp.store.evaluations.run_status import read_runs


class IdPrefixes(Repository):
    """Finds ids by prefix."""

    def find_logs(self, beginning: str, limit: int) -> FoundIds:
        """Ids of logs with this prefix, newest first, at most `limit`."""
        with self._database.read() as connection:
            begins = _begins(connection, logs.c.id, beginning)
            statement = select(logs.c.id).where(begins).order_by(logs.c.number.desc()).limit(limit)
            return FoundIds(ids=list(connection.execute(statement).scalars()))

    def find_datapoints(self, evaluation_id: str, beginning: str, limit: int) -> FoundIds:
        """Ids of datapoints with this prefix, at most `limit`: those of the newest run's dataset first, in order.

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
        # SQLite's LIKE ignores case and uses no index. Texts are ordered by code points there.
        return (column >= beginning) & (column < beginning + "\U0010ffff")
    return column.startswith(beginning, autoescape=True)
