"""What can be told of keys and workspaces without opening a database to write: nothing is created or upgraded."""

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, inspect, or_, select

from evals_mcp.store.database.addresses import database_url
from evals_mcp.store.database.columns import microseconds
from evals_mcp.store.database.database import create_database, utc_now
from evals_mcp.store.database.failures import plain_errors
from evals_mcp.store.database.sqlite_file import SqliteFile
from evals_mcp.store.teams.control_tables import CONTROL_SCHEMA, api_keys, workspaces
from evals_mcp.store.teams.workspaces import require_known
from evals_mcp.variables import ONLY_WORKSPACE

_EXPIRES = "expires_at"
"""A column that keys of 0.1.0 do not have."""
_ENDS_OF_OLD = "SELECT revoked_at, NULL FROM api_keys"


class Teams(NamedTuple):
    """How many keys were ever created, and how many of them are active; the names of the workspaces.

    `is_file` if there can only be one.
    """

    keys: int
    active_keys: int
    workspaces: tuple[str, ...]
    is_file: bool = False

    def require(self, name: str | None) -> None:
        """Raise Invalid or NotFound as `Control.workspace`; a file has the only workspace, and none need be named."""
        require_known(ONLY_WORKSPACE if name is None and self.is_file else name, self.workspaces)


def look_at_teams(address: str) -> Teams:
    """Count keys and name workspaces of a database that exists. Raises as `open_store`."""
    url = database_url(address)
    if url.get_backend_name() == "sqlite":
        return _look_at_file(SqliteFile(Path(url.database or ""), read_only=True))
    database = create_database(address, CONTROL_SCHEMA, utc_now)
    try:
        with database.read() as connection:
            inspector = inspect(connection)
            if not inspector.has_table(api_keys.name, CONTROL_SCHEMA):
                return Teams(0, 0, ())
            keys = connection.execute(select(func.count(api_keys.c.id))).scalar_one()
            active = select(func.count(api_keys.c.id)).where(api_keys.c.revoked_at.is_(None))
            if _EXPIRES in {column["name"] for column in inspector.get_columns(api_keys.name, CONTROL_SCHEMA)}:
                ends = api_keys.c.expires_at
                active = active.where(or_(ends.is_(None), ends > database.now()))
            names = connection.execute(select(workspaces.c.name).order_by(workspaces.c.name)).scalars()
            return Teams(keys, connection.execute(active).scalar_one(), tuple(names))
    finally:
        database.close()


def _look_at_file(file: SqliteFile) -> Teams:
    with plain_errors(), closing(file.connect()) as connection:
        named = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'api_keys'")
        if not named.fetchone()[0]:
            return Teams(0, 0, (ONLY_WORKSPACE,), is_file=True)
        columns = {row[1] for row in connection.execute("PRAGMA table_info(api_keys)")}
        ends = "SELECT revoked_at, expires_at FROM api_keys" if _EXPIRES in columns else _ENDS_OF_OLD
        keys = connection.execute(ends).fetchall()
        now = microseconds(utc_now())
        active = sum(revoked is None and (expires is None or expires > now) for revoked, expires in keys)
        return Teams(len(keys), active, (ONLY_WORKSPACE,), is_file=True)
