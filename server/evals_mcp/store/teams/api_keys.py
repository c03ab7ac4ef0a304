"""API keys as rows: write, list, pick and find them, in a transaction of `control`.

A key belongs to one workspace forever. We store only its digest, so a lost key can only be replaced.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.models.keys import KeyState
from evals_mcp.models.roles import Role
from evals_mcp.store.teams.control_tables import api_keys, workspaces
from evals_mcp.store.teams.keys import new_secret

_LONGEST_NAME = 100
SOON = timedelta(days=14)
"""Before its end, a key is said to expire soon for so long."""


class ApiKey(NamedTuple):
    """What we know about a key: whose it is, what it may do and where, and its times. None: never, or not yet."""

    id: str
    name: str
    workspace: str
    role: Role
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def state(self, now: datetime) -> KeyState:
        """Whether the key works at a time."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is None or self.expires_at > now + SOON:
            return "active"
        return "expires soon" if self.expires_at > now else "expired"


class NewKey(NamedTuple):
    """A new key. `secret` is the key itself, which cannot be read again."""

    key: ApiKey
    secret: str


class FoundKey(NamedTuple):
    """A key that is not revoked, what its workspace has, and the digest of its secret."""

    key: ApiKey
    schema: str | None
    workspace_created_at: datetime
    digest: str


def insert_key(
    connection: Connection, workspace: str, name: str, role: Role, now: datetime, expires_at: datetime | None
) -> NewKey:
    """Store a new key of a workspace that exists. Raises Conflict if a key that works has the name."""
    working = [key for key in _named(connection, workspace, name) if key.state(now) in ("active", "expires soon")]
    if working:
        raise Conflict(
            f"Workspace `{workspace}` already has a key named `{name}`. To replace it, revoke it first. If both must "
            "work for a time, give the new one another name."
        )
    made = new_secret()
    key = ApiKey(made.key_id, name, workspace, role, now, expires_at)
    row = {**key._asdict(), "role": role.word, "read_only": role < Role.WRITE, "digest": made.digest}
    connection.execute(api_keys.insert().values(**row))
    return NewKey(key, made.secret)


def check_new_key(name: str, now: datetime, expires_at: datetime | None) -> None:
    """Raise Invalid for a name that cannot be shown, and for an end that is not in the future."""
    if not name.isprintable() or not 1 <= len(name) <= _LONGEST_NAME or name != name.strip():
        raise Invalid(f"A key name must have 1 to {_LONGEST_NAME} characters, all visible, and no space at its ends.")
    if expires_at is not None and expires_at <= now:
        raise Invalid("A key must expire in the future.")


def read_keys(connection: Connection, workspace: str | None = None) -> list[ApiKey]:
    """All keys, of one workspace if it is named, oldest first."""
    chosen = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
    if workspace is not None:
        chosen = chosen.where(api_keys.c.workspace == workspace)
    return [_key(row) for row in connection.execute(chosen)]


def revoke(connection: Connection, key: ApiKey, now: datetime) -> ApiKey:
    """Revoke a key. A revoked key stays as it is."""
    if key.revoked_at is not None:
        return key
    connection.execute(update(api_keys).where(api_keys.c.id == key.id).values(revoked_at=now))
    return key._replace(revoked_at=now)


def find_key(connection: Connection, condition: ColumnElement[bool]) -> FoundKey | None:
    """A key that is not revoked; it may have expired. None if there is none."""
    row = connection.execute(
        select(api_keys, workspaces.c.schema, workspaces.c.created_at.label("workspace_created_at"))
        .join(workspaces, workspaces.c.name == api_keys.c.workspace)
        .where(condition, api_keys.c.revoked_at.is_(None))
    ).first()
    return None if row is None else FoundKey(_key(row), row.schema, row.workspace_created_at, row.digest)


def write_last_uses(connection: Connection, uses: dict[str, datetime]) -> None:
    """Note when keys were used last, by their ids. A later use that is there stays."""
    for key_id, used_at in uses.items():
        is_earlier = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < used_at)
        connection.execute(update(api_keys).where(api_keys.c.id == key_id, is_earlier).values(last_used_at=used_at))


def pick_key(keys: Sequence[ApiKey], id_or_name: str, now: datetime) -> ApiKey:
    """The key with an id, or the one with a name: one that works, else one that expired, else the last revoked one.

    Raises NotFound, and Invalid if there are several.
    """
    for key in keys:
        if key.id == id_or_name:
            return key
    named = [key for key in keys if key.name == id_or_name]
    unrevoked = [key for key in named if key.revoked_at is None]
    found = [key for key in unrevoked if key.state(now) != "expired"] or unrevoked or named[-1:]
    if not found:
        raise NotFound(f"Key `{id_or_name}` does not exist. `evals-mcp keys list` shows all keys.")
    if len(found) > 1:
        candidates = ", ".join(f"`{key.id}` (workspace {key.workspace})" for key in found)
        raise Invalid(f"Several keys have the name `{id_or_name}`. Use an id: {candidates}.")
    return found[0]


def _named(connection: Connection, workspace: str, name: str) -> list[ApiKey]:
    named = select(api_keys).where(api_keys.c.workspace == workspace, api_keys.c.name == name)
    return [_key(row) for row in connection.execute(named)]


def _key(row: Row[Any]) -> ApiKey:
    values = {name: getattr(row, name) for name in ApiKey._fields}
    return ApiKey(**{**values, "role": Role.of(row.role)})
