"""Workspaces and API keys in the store: create, list, revoke, recognise. No HTTP.

A key belongs to one workspace forever. We store only its digest, so a lost key can only be replaced.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, inspect, select, update

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.store.database.database import Database, create_database, create_temporary_database, utc_now
from evals_mcp.store.database.opening import Migrations, has_tables, migrate
from evals_mcp.store.journal.plain_entries import DEFAULT_DAYS
from evals_mcp.store.store import Store
from evals_mcp.store.teams.control_tables import CONTROL_SCHEMA, ONLY_WORKSPACE, api_keys, workspaces
from evals_mcp.store.teams.keys import is_same, new_secret, page_token, secret_digest

_WORKSPACE_NAME = re.compile(r"[a-z0-9_]{1,40}")
_LONGEST_KEY_NAME = 100

CONTROL = Migrations(
    "evals_mcp.store.teams", "evals_mcp_control_version", frozenset(("api_keys", "workspaces")), is_guest=True
)
"""The migrations of `control_tables`: in their own schema on PostgreSQL, in the workspace's file on SQLite."""


class Workspace(NamedTuple):
    """One team's data: a PostgreSQL schema, or (`schema` None) the SQLite file."""

    name: str
    schema: str | None
    created_at: datetime


class ApiKey(NamedTuple):
    """What we know about a key. `revoked_at` is None while the key is active."""

    id: str
    name: str
    workspace: str
    read_only: bool
    created_at: datetime
    revoked_at: datetime | None


class NewKey(NamedTuple):
    """A new key. `secret` is the key itself, which cannot be read again."""

    key: ApiKey
    secret: str


class Control:
    """The workspaces and API keys of a database.

    They are read from `keys` if the database has none and may not be written.
    """

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
            if _read_workspace(connection, name) is not None:
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
            return self._find_workspace(connection, name)

    def open(self, workspace: Workspace) -> Store:
        """Open a workspace over this database's connections, and upgrade its tables. Do not close it.

        Raises Conflict if a newer evals-mcp wrote it.
        """
        if workspace.schema is None:
            return Store(self.database, self._journal_days)
        database = Database(self.database.engine, workspace.schema, self.database.now)
        migrate(database)
        return Store(database, self._journal_days)

    def create_key(self, workspace: str | None, name: str, *, read_only: bool) -> NewKey:
        """Create a key. Raises Invalid for a bad name, NotFound for an unknown workspace, Conflict for a taken name."""
        if not name.isprintable() or not 1 <= len(name.strip()) <= _LONGEST_KEY_NAME:
            raise Invalid(f"A key name must have 1 to {_LONGEST_KEY_NAME} characters, all visible.")
        with self.database.write() as connection:
            found = self._find_workspace(connection, workspace)
            same = (api_keys.c.workspace == found.name, api_keys.c.name == name, api_keys.c.revoked_at.is_(None))
            if connection.execute(select(api_keys.c.id).where(*same)).first() is not None:
                raise Conflict(
                    f"Workspace `{found.name}` already has a key named `{name}`. Revoke it or choose another name."
                )
            made = new_secret()
            key = ApiKey(made.key_id, name, found.name, read_only, self.database.now(), None)
            connection.execute(api_keys.insert().values(**key._asdict(), digest=made.digest))
        return NewKey(key, made.secret)

    def keys(self) -> list[ApiKey]:
        """All keys, including revoked ones, oldest first."""
        with self._keys.read() as connection:
            return _read_keys(connection)

    def revoke_key(self, id_or_name: str) -> ApiKey:
        """Revoke a key. A revoked key stays revoked.

        Raises NotFound, and Invalid if keys in several workspaces have the name.
        """
        with self.database.write() as connection:
            key = _pick_key(_read_keys(connection), id_or_name)
            if key.revoked_at is not None:
                return key
            now = self.database.now()
            connection.execute(update(api_keys).where(api_keys.c.id == key.id).values(revoked_at=now))
            return key._replace(revoked_at=now)

    def has_keys(self) -> bool:
        """Whether a key was ever created, even if it is revoked."""
        with self._keys.read() as connection:
            return connection.execute(select(api_keys.c.id).limit(1)).first() is not None

    def recognise(self, secret: str) -> tuple[ApiKey, Workspace] | None:
        """The key of this text, with its workspace; None if it is unknown or revoked.

        How long a wrong key takes tells nothing about it: not even whether its id, or its form, is one of ours.
        """
        found = self._active_key(api_keys.c.digest == secret_digest(secret))
        return None if found is None else found[:2]

    def recognise_page(self, token: str) -> tuple[ApiKey, Workspace] | None:
        """The key of a token for pages, with its workspace; None if it is unknown or revoked."""
        found = self._active_key(api_keys.c.id == token.partition(".")[0])
        return found[:2] if found is not None and is_same(page_token(found[0].id, found[2]), token) else None

    def _active_key(self, condition: ColumnElement[bool]) -> tuple[ApiKey, Workspace, str] | None:
        """A key with its workspace and digest; None if there is none or it is revoked."""
        with self._keys.read() as connection:
            row = connection.execute(
                select(api_keys, workspaces.c.schema, workspaces.c.created_at.label("workspace_created_at"))
                .join(workspaces, workspaces.c.name == api_keys.c.workspace)
                .where(condition, api_keys.c.revoked_at.is_(None))
            ).first()
        if row is None:
            return None
        return _key(row), Workspace(row.workspace, row.schema, row.workspace_created_at), row.digest

    def close(self) -> None:
        """Close all connections."""
        self._keys.close()
        self.database.close()

    def _find_workspace(self, connection: Connection, name: str | None) -> Workspace:
        if name is None and self.database.is_sqlite:
            name = ONLY_WORKSPACE
        known = connection.execute(select(workspaces.c.name).order_by(workspaces.c.name)).scalars().all()
        listed = ", ".join(f"`{item}`" for item in known) or "none yet; create one with `evals-mcp workspaces create`"
        if name is None:
            raise Invalid(f"Name a workspace. Workspaces: {listed}.")
        found = _read_workspace(connection, name)
        if found is None:
            raise NotFound(f"Workspace `{name}` does not exist. Workspaces: {listed}.")
        return found


def open_control(address: str, clock: Callable[[], datetime] = utc_now, journal_days: int = DEFAULT_DAYS) -> Control:
    """Open the workspaces and keys of a database, and create or upgrade their tables.

    Raises Invalid, Unavailable and Conflict as `open_store`.
    """
    database = create_database(address, CONTROL_SCHEMA, clock)
    try:
        if database.is_sqlite:
            migrate(database)
        if not database.may_write and not has_tables(database, CONTROL):
            return Control(database, journal_days, _no_keys(clock))
        migrate(database, CONTROL)
    except BaseException:
        database.close()
        raise
    return Control(database, journal_days)


def _no_keys(clock: Callable[[], datetime]) -> Database:
    """What a file has that nobody made keys in: its one workspace."""
    keys = create_temporary_database(clock)
    migrate(keys, CONTROL)
    return keys


def workspace_names(address: str) -> list[str]:
    """The names of a database's workspaces, in order; none on SQLite. Changes nothing. Raises as `open_store`."""
    database = create_database(address, CONTROL_SCHEMA, utc_now)
    if database.is_sqlite:
        return []
    try:
        with database.read() as connection:
            if not inspect(connection).has_table(workspaces.name, CONTROL_SCHEMA):
                return []
            return list(connection.execute(select(workspaces.c.name).order_by(workspaces.c.name)).scalars())
    finally:
        database.close()


def _read_workspace(connection: Connection, name: str) -> Workspace | None:
    row = connection.execute(select(workspaces).where(workspaces.c.name == name)).first()
    return None if row is None else Workspace(*row)


def _read_keys(connection: Connection) -> list[ApiKey]:
    return [_key(row) for row in connection.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))]


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(*(getattr(row, name) for name in ApiKey._fields))


def _pick_key(keys: Sequence[ApiKey], id_or_name: str) -> ApiKey:
    for key in keys:
        if key.id == id_or_name:
            return key
    named = [key for key in keys if key.name == id_or_name]
    found = [key for key in named if key.revoked_at is None] or named[-1:]
    if not found:
        raise NotFound(f"Key `{id_or_name}` does not exist. `evals-mcp keys list` shows all keys.")
    if len(found) > 1:
        candidates = ", ".join(f"`{key.id}` (workspace {key.workspace})" for key in found)
        raise Invalid(f"Several keys have the name `{id_or_name}`. Use an id: {candidates}.")
    return found[0]
