"""API keys in the store, beside their workspaces: create, rotate, list, revoke, recognise. No HTTP."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select

from evals_mcp.models.roles import Role
from evals_mcp.store.database.database import Database, create_database, create_temporary_database, utc_now
from evals_mcp.store.database.opening import Migrations, has_tables, migrate
from evals_mcp.store.journal.plain_entries import DEFAULT_DAYS
from evals_mcp.store.teams.api_keys import (
    ApiKey,
    FoundKey,
    NewKey,
    RotatedKey,
    check_new_key,
    find_key,
    insert_key,
    lasting_admins,
    pick_key,
    read_keys,
    require_admin_left,
    revoke,
    rotate,
    with_namesakes,
)
from evals_mcp.store.teams.control_tables import CONTROL_SCHEMA, api_keys
from evals_mcp.store.teams.keys import is_same, page_token, secret_digest
from evals_mcp.store.teams.last_uses import LastUses
from evals_mcp.store.teams.workspaces import Workspace, Workspaces, find_workspace

CONTROL = Migrations(
    "evals_mcp.store.teams",
    "evals_mcp_control_version",
    frozenset(("api_keys", "workspaces")),
    is_guest=True,
    on_a_node=False,
)
"""The migrations of `control_tables`: in their own schema on PostgreSQL, in the workspace's file on SQLite."""


class Control(Workspaces):
    """The workspaces and API keys of a database.

    They are read from `keys` if the database has none and may not be written.
    """

    def __init__(self, database: Database, journal_days: int = DEFAULT_DAYS, keys: Database | None = None) -> None:
        super().__init__(database, journal_days, keys)
        self.last_uses = LastUses(database)

    def create_key(
        self,
        workspace: str | None,
        name: str,
        *,
        role: Role = Role.WRITE,
        expires_at: datetime | None = None,
        by: str | None = None,
    ) -> NewKey:
        """Create a key; `by` is the person who does. Raises Invalid for a bad name or end, NotFound for an unknown
        workspace, Conflict for a taken name."""
        now = self.database.now()
        check_new_key(name, now, expires_at)
        with self.database.write() as connection:
            found = find_workspace(connection, workspace)
            return insert_key(connection, ApiKey("", name, found.name, role, now, expires_at, created_by=by))

    def keys(self, workspace: str | None = None) -> list[ApiKey]:
        """All keys, or those of a workspace, including revoked ones, oldest first."""
        with self._keys.read() as connection:
            return read_keys(connection, workspace)

    def rotate_key(
        self,
        id_or_name: str,
        workspace: str | None = None,
        *,
        overlap: timedelta = timedelta(0),
        by: str | None = None,
    ) -> RotatedKey:
        """Replace a key by a new one of the same person, role, workspace and end. The old one ends now, with those that
        it has replaced, or after the overlap.

        Raises NotFound, Invalid if keys in several workspaces have the name, and Conflict for a key that does not work
        any more, or that was rotated already.
        """
        with self.database.write() as connection:
            now = self.database.now()
            if workspace is not None:
                workspace = find_workspace(connection, workspace).name
            key = pick_key(read_keys(connection, workspace), id_or_name, now)
            return rotate(connection, key, now, overlap, by)

    def revoke_key(
        self, id_or_name: str, workspace: str | None = None, *, by: str | None = None, keeps_admin: bool = False
    ) -> list[ApiKey]:
        """Revoke a key, of any workspace or of a certain one, and return it. A revoked key stays revoked. By its name,
        a key ends with the one that it was rotated from, if that still goes on; both are returned.

        Raises NotFound, Invalid if keys in several workspaces have the name, and, if it `keeps_admin`, Conflict for the
        last key of role admin.
        """
        with self.database.write() as connection:
            now = self.database.now()
            if workspace is not None:
                workspace = find_workspace(connection, workspace).name
            keys = read_keys(connection, workspace)
            key = pick_key(keys, id_or_name, now)
            ending = [key] if key.id == id_or_name else with_namesakes(keys, key, now)
            if keeps_admin:
                require_admin_left([other for other in keys if other.workspace == key.workspace], ending, now)
            return revoke(connection, ending, now, by)

    def has_admin(self, workspace: str) -> bool:
        """Whether somebody can manage the keys of a workspace over HTTP, for longer than a while."""
        return bool(lasting_admins(self.keys(workspace), self.database.now()))

    def has_keys(self) -> bool:
        """Whether a key was ever created, even if it is revoked."""
        with self._keys.read() as connection:
            return connection.execute(select(api_keys.c.id).limit(1)).first() is not None

    def recognise(self, secret: str) -> tuple[ApiKey, Workspace] | None:
        """The key of this text, which may have expired, with its workspace; None if it is unknown or revoked.

        How long a wrong key takes tells nothing about it: not even whether its id, or its form, is one of ours.
        """
        found = self._find_key(api_keys.c.digest == secret_digest(secret))
        return None if found is None else (found.key, _workspace_of(found))

    def recognise_page(self, token: str) -> tuple[ApiKey, Workspace] | None:
        """The key of a token for pages, which may have expired, with its workspace; None if unknown or revoked."""
        found = self._find_key(api_keys.c.id == token.partition(".")[0])
        if found is None or not is_same(page_token(found.key.id, found.digest), token):
            return None
        return found.key, _workspace_of(found)

    def _find_key(self, condition: ColumnElement[bool]) -> FoundKey | None:
        with self._keys.read() as connection:
            return find_key(connection, condition)

    def close(self) -> None:
        """Close all connections, after what is still to be written of uses."""
        self.last_uses.finish()
        super().close()


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


def _workspace_of(found: FoundKey) -> Workspace:
    return Workspace(found.key.workspace, found.schema, found.workspace_created_at)
