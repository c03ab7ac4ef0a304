"""Workspaces in the store: create, list, find, open, rename, remove. No HTTP.

A schema belongs to one workspace for ever, even if that is renamed or removed: servers may have it open, and must
never find in it what is another workspace's.
"""

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from evals_mcp.errors import Conflict, Invalid, NotFound, Unavailable
from evals_mcp.store.database.database import Database, lock_writes
from evals_mcp.store.database.meter import Limits, Meter
from evals_mcp.store.database.minutes import Minutes, OwnMinutes
from evals_mcp.store.database.nodes import Node, is_distributed, move_schema, node_of, nodes, place_schema
from evals_mcp.store.database.opening import WORKSPACE, migrate
from evals_mcp.store.journal.plain_entries import DEFAULT_DAYS
from evals_mcp.store.store import Store
from evals_mcp.store.teams.control_tables import (
    CONTROL_SCHEMA,
    api_keys,
    removed_workspaces,
    workspaces,
)
from evals_mcp.store.teams.usage import Usage, read_usage
from evals_mcp.variables import ONLY_WORKSPACE

_WORKSPACE_NAME = re.compile(r"[a-z0-9_]{1,40}")
_ONE_IN_A_FILE = "A SQLite file holds one workspace, named `default`."


class Workspace(NamedTuple):
    """One team's data: a PostgreSQL schema, or (`schema` None) the SQLite file."""

    name: str
    schema: str | None
    created_at: datetime


class Workspaces:
    """The workspaces of a database. They are read from `keys` if the database has none and may not be written."""

    def __init__(self, database: Database, journal_days: int = DEFAULT_DAYS, keys: Database | None = None) -> None:
        self.database = database
        self.minutes: Minutes = OwnMinutes()
        self._journal_days = journal_days
        self._keys = keys or database

    def create_workspace(self, name: str, *, distributed: bool = False) -> Workspace:
        """Create a workspace and its tables: on a node if `distributed`, else as the database is set.

        Raises Invalid for a bad name, on SQLite and for a database without nodes; Conflict for a taken name;
        Unavailable while a node cannot be reached, and nothing of the workspace is left then.
        """
        if self.database.is_sqlite:
            raise Invalid("A SQLite file holds one workspace. For another workspace, use another file or PostgreSQL.")
        _check_name(name)
        with self.database.write() as connection:
            _require_free(connection, name)
            workspace = Workspace(name, _new_schema(connection, name), self.database.now())
            if distributed:
                _require_nodes(connection)
            # Create the tables first: then each listed workspace is complete, and another try resumes a broken one.
            migrate(self._data_of(workspace), WORKSPACE._replace(on_a_node=True) if distributed else WORKSPACE)
            connection.execute(workspaces.insert().values(**workspace._asdict()))
        return workspace

    def workspaces(self) -> list[Workspace]:
        """All workspaces, by name."""
        with self._keys.read() as connection:
            return [Workspace(*row) for row in connection.execute(select(*_COLUMNS).order_by(workspaces.c.name))]

    def workspace(self, name: str | None) -> Workspace:
        """The workspace with a name. On SQLite, None means the only one. Raises Invalid and NotFound."""
        with self._keys.read() as connection:
            return find_workspace(connection, name)

    def open(self, workspace: Workspace) -> Store:
        """Open a workspace over this database's connections, and upgrade its tables. Do not close it.

        Raises NotFound if it was removed since, and Conflict if a newer evals-mcp wrote it.
        """
        database = self._data_of(workspace)
        if workspace.schema is not None:
            try:
                migrate(database, creates=False)
            except NotFound as error:
                raise NotFound(f"Workspace `{workspace.name}` was removed: its data is gone.") from error
        store = Store(database, self._journal_days)
        read_limits = partial(self._limits_in, workspace.schema)
        store.limit_by(Meter(database, read_limits, minutes=self.minutes, name=workspace.schema or ""))
        return store

    def rename_workspace(self, name: str, new_name: str) -> Workspace:
        """Give a workspace another name; its data and keys stay, and open servers go on.

        Raises NotFound, Invalid for a bad name or on SQLite, and Conflict for a taken name.
        """
        if self.database.is_sqlite:
            raise Invalid(f"{_ONE_IN_A_FILE} To give the data another name, rename the file.")
        _check_name(new_name)
        with self.database.write() as connection:
            workspace = find_workspace(connection, name)
            _require_free(connection, new_name)
            row = connection.execute(select(workspaces).where(workspaces.c.name == name)).one()
            # Keys refer to the name, which is the row's key: so another row takes its place.
            connection.execute(update(workspaces).where(workspaces.c.name == name).values(schema=None))
            connection.execute(insert(workspaces).values({**row._asdict(), "name": new_name}))
            connection.execute(update(api_keys).where(api_keys.c.workspace == name).values(workspace=new_name))
            connection.execute(delete(workspaces).where(workspaces.c.name == name))
        return workspace._replace(name=new_name)

    def move_workspace(self, name: str, node: Node) -> Workspace:
        """Move a workspace's data to a node of a distributed database, while it is used.

        Raises NotFound; Invalid for an unknown node and for a database without nodes; Unavailable.
        """
        with self.database.read() as connection:
            workspace = find_workspace(connection, name)
            _require_nodes(connection)
            known = nodes(connection)
        if node not in known:
            listed = ", ".join(f"`{item}`" for item in known) or "none"
            raise Invalid(f"`{node}` is not a node that takes data. Nodes: {listed}.")
        schema = str(workspace.schema)
        with self.database.each_alone() as connection:
            if node_of(connection, schema) is None:
                place_schema(connection, schema)
            if node_of(connection, schema) != node:
                move_schema(connection, schema, node)
        return workspace

    def places(self) -> dict[str, str]:
        """The node of each workspace in a distributed database, or `coordinator`; empty for another database."""
        with self._keys.read() as connection:
            if not is_distributed(connection):
                return {}
            found = connection.execute(select(workspaces.c.name, workspaces.c.schema)).all()
            return {row.name: str(node_of(connection, row.schema) or "coordinator") for row in found}

    def remove_workspace(self, name: str) -> bool:
        """Remove a workspace with its data and keys, for ever. Whether its data is deleted, and not only out of reach.

        In one transaction, its keys end and its schema gets a name that nobody knows: who has it open finds nothing
        there, and holds up nobody. Then the data is deleted; another call does so if something kept this one from it.

        Raises NotFound, Invalid on SQLite, and Unavailable while a write does not end.
        """
        self.require_removable()
        with self.database.write() as connection:
            if not _is_left(connection, name):
                _put_out_of_reach(connection, find_workspace(connection, name), self.database.now())
        return self._delete_left()

    def limits(self, name: str) -> Limits:
        """The limits of a workspace. Raises NotFound."""
        return self._limits_in(self.workspace(name).schema)

    def limit_workspace(self, name: str, limits: Limits) -> None:
        """Set the limits of a workspace, all of them. Servers hold it to them within seconds. Raises NotFound."""
        with self.database.write() as connection:
            workspace = find_workspace(connection, name)
            named = {f"most_{kind}": most for kind, most in limits._asdict().items()}
            connection.execute(update(workspaces).where(workspaces.c.name == workspace.name).values(named))

    def require_removable(self) -> None:
        """Raise Invalid where a workspace cannot be removed."""
        if self.database.is_sqlite:
            raise Invalid(f"{_ONE_IN_A_FILE} To remove the data, stop its servers and delete the file.")

    def usage(self, workspace: Workspace) -> Usage:
        """What a workspace has in it. Raises Unavailable."""
        return read_usage(self._data_of(workspace))

    def keys_of(self, workspace: Workspace) -> int:
        """How many keys open a workspace."""
        is_current = api_keys.c.expires_at.is_(None) | (api_keys.c.expires_at > self.database.now())
        active = (api_keys.c.workspace == workspace.name, api_keys.c.revoked_at.is_(None), is_current)
        with self._keys.read() as connection:
            return connection.execute(select(func.count()).select_from(api_keys).where(*active)).scalar_one()

    def left_over(self) -> list[str]:
        """The names of removed workspaces whose data is still to be deleted."""
        with self._keys.read() as connection:
            found = select(removed_workspaces.c.name).where(removed_workspaces.c.left_schema.is_not(None))
            return sorted(connection.execute(found).scalars())

    def close(self) -> None:
        """Close all connections."""
        self._keys.close()
        self.database.close()

    def _data_of(self, workspace: Workspace) -> Database:
        if workspace.schema is None:
            return self.database
        data = Database(self.database.engine, workspace.schema, self.database.now)
        data.watcher = self.database.watcher
        return data

    def _limits_in(self, schema: str | None) -> Limits:
        """The limits of the workspace in a schema; none for one that was removed."""
        columns = [workspaces.c[f"most_{kind}"] for kind in Limits._fields]
        with self._keys.read() as connection:
            row = connection.execute(select(*columns).where(workspaces.c.schema.is_not_distinct_from(schema))).first()
        return Limits() if row is None else Limits(*row)

    def _delete_left(self) -> bool:
        """Delete the data of removed workspaces. Whether all of it is deleted: a question may still read some."""
        with self.database.read() as connection:
            left = connection.execute(
                select(removed_workspaces).where(removed_workspaces.c.left_schema.is_not(None))
            ).all()
        for row in left:
            try:
                with Database(self.database.engine, row.left_schema).write() as connection:
                    connection.execute(text(f'DROP SCHEMA IF EXISTS "{row.left_schema}" CASCADE'))
                    _drop_role(connection, row.schema)
            except Unavailable:
                return False
            with self.database.write() as connection:
                deleted = removed_workspaces.c.schema == row.schema
                connection.execute(update(removed_workspaces).where(deleted).values(left_schema=None))
        return True


def find_workspace(connection: Connection, name: str | None) -> Workspace:
    """The workspace with a name. On SQLite, None means the only one. Raises Invalid and NotFound."""
    if name is None and connection.dialect.name == "sqlite":
        name = ONLY_WORKSPACE
    known = connection.execute(select(workspaces.c.name).order_by(workspaces.c.name)).scalars().all()
    require_known(name, known)
    return Workspace(*connection.execute(select(*_COLUMNS).where(workspaces.c.name == name)).one())


def require_known(name: str | None, known: Sequence[str]) -> None:
    """Raise Invalid if no workspace is named, and NotFound for one that is not among those `known`."""
    listed = ", ".join(f"`{item}`" for item in known) or "none yet; create one with `evals-mcp workspaces create`"
    if name is None:
        raise Invalid(f"Name a workspace, with --workspace NAME. Workspaces: {listed}.")
    if name not in known:  # also what no database can look for, such as NUL
        raise NotFound(f"Workspace `{name}` does not exist. Workspaces: {listed}.")


_COLUMNS = [workspaces.c[name] for name in Workspace._fields]


def _require_nodes(connection: Connection) -> None:
    if not is_distributed(connection):
        raise Invalid("This database has no nodes: it is not distributed by Citus.")


def _check_name(name: str) -> None:
    if not _WORKSPACE_NAME.fullmatch(name):
        raise Invalid("A workspace name must have 1 to 40 characters: lower-case letters, digits and `_`.")


def _require_free(connection: Connection, name: str) -> None:
    if connection.execute(select(workspaces.c.name).where(workspaces.c.name == name)).first() is not None:
        raise Conflict(f"Workspace `{name}` already exists.")


def _new_schema(connection: Connection, name: str) -> str:
    """The schema of a new workspace: of its name and, if an earlier one has or had that, a number."""
    plain = f"{CONTROL_SCHEMA}_{name}"
    used: set[str] = set()
    for table in (workspaces, removed_workspaces):
        like = table.c.schema.startswith(plain, autoescape=True)
        used.update(connection.execute(select(table.c.schema).where(like)).scalars())
    number, schema = 1, plain
    while schema in used:
        number += 1
        schema = f"{plain}-{number}"  # names have no hyphen
    return schema


def _is_left(connection: Connection, name: str) -> bool:
    """Whether there is no workspace with a name any more, but data of one."""
    if connection.execute(select(workspaces.c.name).where(workspaces.c.name == name)).first() is not None:
        return False
    left = (removed_workspaces.c.name == name, removed_workspaces.c.left_schema.is_not(None))
    return connection.execute(select(removed_workspaces.c.schema).where(*left)).first() is not None


def _put_out_of_reach(connection: Connection, workspace: Workspace, now: datetime) -> None:
    """Delete a workspace and its keys, and give its schema a name that nobody has. Waits for the write in it."""
    lock_writes(connection, workspace.schema)
    left = f"{CONTROL_SCHEMA}-removed-{secrets.token_hex(8)}"
    if connection.execute(text("SELECT to_regnamespace(:name)"), {"name": f'"{workspace.schema}"'}).scalar():
        connection.execute(text(f'ALTER SCHEMA "{workspace.schema}" RENAME TO "{left}"'))
    row = {"schema": workspace.schema, "name": workspace.name, "removed_at": now, "left_schema": left}
    connection.execute(insert(removed_workspaces).values(row))
    connection.execute(delete(api_keys).where(api_keys.c.workspace == workspace.name))
    connection.execute(delete(workspaces).where(workspaces.c.name == workspace.name))


def _drop_role(connection: Connection, schema: str) -> None:
    """Drop the login of questions in SQL, if there is one and we may. Its rights have gone with the schema."""
    from evals_mcp.store.sql.postgresql_reading import query_role  # with a driver that a file does without

    role = query_role(connection, schema)
    with suppress(DBAPIError), connection.begin_nested():
        connection.execute(text(f"DROP ROLE IF EXISTS {role}"))
