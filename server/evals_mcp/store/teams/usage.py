"""What a workspace has in it, and how much room it takes. Changes nothing."""

from typing import NamedTuple

from sqlalchemy import Connection, Table, func, select, text

from evals_mcp.store.database.database import Database
from evals_mcp.store.database.meter import size_of
from evals_mcp.store.database.tables import evaluations, logs, runs

_COUNTED = 1_000_000


class Usage(NamedTuple):
    """Counts, and the bytes of the data on the disk. `logs_are_estimated` if there are too many to count them now."""

    evaluations: int
    runs: int
    logs: int
    bytes: int
    logs_are_estimated: bool = False


def read_usage(data: Database) -> Usage:
    """What a workspace has in it. Raises Unavailable."""
    with data.read() as connection:
        estimated = _estimated_logs(connection, data.schema)
        return Usage(
            _count(connection, evaluations),
            _count(connection, runs),
            _count(connection, logs) if estimated is None else estimated,
            size_of(connection, data.schema),
            estimated is not None,
        )


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _estimated_logs(connection: Connection, schema: str | None) -> int | None:
    """How many logs PostgreSQL takes a large table to have; None for one that is soon counted."""
    if connection.dialect.name == "sqlite":
        return None
    found = connection.execute(_ESTIMATE, {"schema": schema or "public"}).scalar()
    return int(found) if found is not None and found >= _COUNTED else None


_ESTIMATE = text(
    "SELECT c.reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = :schema AND c.relname = 'logs'"
)
