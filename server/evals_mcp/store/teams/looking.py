"""What can be told of keys and workspaces without opening a database to write: nothing is created or upgraded."""

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, inspect, select

from evals_mcp.store.database.addresses import database_url
from evals_mcp.store.database.database import create_database, utc_now
from evals_mcp.store.database.failures import plain_errors
from evals_mcp.store.database.sqlite_file import SqliteFile
from evals_mcp.store.teams.control_tables import CONTROL_SCHEMA, ONLY_WORKSPACE, api_keys, workspaces


class Teams(NamedTuple):
    """How many keys were ever created, and how many of them are active; the names of the workspaces."""

    keys: int
    active_keys: int
    workspaces: tuple[str, ...]


def look_at_teams(address: str) -> Teams:
    """Count keys and name workspaces of a database that exists. Raises as `open_store`."""
    url = database_url(address)
    if url.get_backend_name() == "sqlite":
        return _look_at_file(SqliteFile(Path(url.database or ""), read_only=True))
    database = create_database(address, CONTROL_SCHEMA, utc_now)
    try:
        with database.read() as connection:
            if not inspect(connection).has_table(api_keys.name, CONTROL_SCHEMA):
                return Teams(0, 0, ())
            keys = connection.execute(select(func.count(api_keys.c.id))).scalar_one()
            active = connection.execute(select(func.count(api_keys.c.id)).where(api_keys.c.revoked_at.is_(None)))
            names = connection.execute(select(workspaces.c.name).order_by(workspaces.c.name)).scalars()
            return Teams(keys, active.scalar_one(), tuple(names))
    finally:
        database.close()


def _look_at_file(file: SqliteFile) -> Teams:
    with plain_errors(), closing(file.connect()) as connection:
        named = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'api_keys'")
        if not named.fetchone()[0]:
            return Teams(0, 0, (ONLY_WORKSPACE,))
        counted = connection.execute("SELECT count(*), count(*) - count(revoked_at) FROM api_keys")
        keys, active = counted.fetchone()
        return Teams(keys, active, (ONLY_WORKSPACE,))
