"""Workspaces in the store: create, list, find, open. No HTTP."""

import re
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.opening import migrate
from evals_mcp.store.journal.plain_entries import DEFAULT_DAYS
from evals_mcp.store.store import Store
from evals_mcp.store.teams.control_tables import CONTROL_SCHEMA, ONLY_WORKSPACE, workspaces

_WORKSPACE_NAME = re.compile(r"[a-z0-9_]{1,40}")


class Workspace(NamedTuple):
    """One team's data: a PostgreSQL schema, or (`schema` None) the SQLite file."""

    name: str
    schema: str | None
    created_at: datetime


class Workspaces:
    """The workspaces of a database. They are read from `keys` if the database has none and may not be written."""

    def __init__(self, database: Database, journal_days: int = DEFAULT_DAYS, keys: Database | None = None) -> None:
        self.database = database
        self._journal_days = journal_days
        self._keys = keys or database

    def create_workspace(self, name: str) -> Workspace:
        """Create a workspace and its tables. Raises Invalid for a bad name or on SQLite, Conflict for a taken name."""
        if self.database.is_sqlite:
            raise Invalid("A SQLite file holds one workspace. For another workspace, use another file or PostgreSQL.")
        if not _WORKSPACE_NAME.fullmatch(name):
            raise Invalid("A workspace name must have 1 to 40 characters: lower-case letters, digits and `_`.")
        workspace = Workspace(name, f"{CONTROL_SCHEMA}_{name}", self.database.now())
        with self.database.write() as connection:
            if read_workspace(connection, name) is not None:
                raise Conflict(f"Workspace `{name}` already exists.")
            # Create the tables first: then each listed workspace is complete, and another try resumes a broken one.
            self.open(workspace)
            connection.execute(workspaces.insert().values(**workspace._asdict()))
        return workspace

    def workspaces(self) -> list[Workspace]:
        """All workspaces, by name."""
        with self._keys.read() as connection:
            return [Workspace(*row) for row in connection.execute(select(workspaces).order_by(workspaces.c.name))]

    def workspace(self, name: str | None) -> Workspace:
        """The workspace with a name. On SQLite, None means the only one. Raises Invalid and NotFound."""
        with self._keys.read() as connection:
            return find_workspace(connection, name)

    def open(self, workspace: Workspace) -> Store:
        """Open a workspace over this database's connections, and upgrade its tables. Do not close it.

        Raises Conflict if a newer evals-mcp wrote it.
        """
        if workspace.schema is None:
            return Store(self.database, self._journal_days)
        database = Database(self.database.engine, workspace.schema, self.database.now)
        migrate(database)
        return Store(database, self._journal_days)

    def close(self) -> None:
        """Close all connections."""
        self._keys.close()
        self.database.close()


def find_workspace(connection: Connection, name: str | None) -> Workspace:
    """The workspace with a name. On SQLite, None means the only one. Raises Invalid and NotFound."""
    if name is None and connection.dialect.name == "sqlite":
        name = ONLY_WORKSPACE
    known = connection.execute(select(workspaces.c.name).order_by(workspaces.c.name)).scalars().all()
    listed = ", ".join(f"`{item}`" for item in known) or "none yet; create one with `evals-mcp workspaces create`"
    if name is None:
        raise Invalid(f"Name a workspace. Workspaces: {listed}.")
    found = read_workspace(connection, name)
    if found is None:
        raise NotFound(f"Workspace `{name}` does not exist. Workspaces: {listed}.")
    return found


def read_workspace(connection: Connection, name: str) -> Workspace | None:
    """The workspace with a name, or None."""
    row = connection.execute(select(workspaces).where(workspaces.c.name == name)).first()
    return None if row is None else Workspace(*row)
