"""API keys as rows: write, rotate, list, pick and find them, in a transaction of `control`.

A key belongs to one workspace forever. Those of a workspace that work have different names, except for a key that was
rotated and goes on for a while. We store only its digest, so a lost key can only be replaced.
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
    """What we know about a key: whose it is, what it may do and where, its times, and who did it. None: never, not yet,
    or nobody knows. `replaces` is the id of the key that was rotated."""

    id: str
    name: str
    workspace: str
    role: Role
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    created_by: str | None = None
    revoked_by: str | None = None
    replaces: str | None = None

    def state(self, now: datetime) -> KeyState:
        """Whether the key works at a time."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is None or self.expires_at > now + SOON:
            return "active"
        return "expires soon" if self.expires_at > now else "expired"

    def works(self, now: datetime) -> bool:
        """Whether the key opens its workspace at a time."""
        return self.state(now) in ("active", "expires soon")


class NewKey(NamedTuple):
    """A new key. `secret` is the key itself, which cannot be read again."""

    key: ApiKey
    secret: str


class RotatedKey(NamedTuple):
    """A new key, and the one that it replaces, which ended or will."""

    new: NewKey
    old: ApiKey


class FoundKey(NamedTuple):
    """A key that is not revoked, what its workspace has, and the digest of its secret."""

    key: ApiKey
    schema: str | None
    workspace_created_at: datetime
    digest: str


def insert_key(connection: Connection, wanted: ApiKey) -> NewKey:
    """Store a new key, whose id is still empty, of a workspace that exists. Raises Conflict if a key that works has the
    name, and Invalid for the id of any key as the name: who revokes that by its id would mean both."""
    if connection.execute(select(api_keys.c.id).where(api_keys.c.id == wanted.name)).first() is not None:
        raise Invalid(f"`{wanted.name}` is the id of another key. Choose another name.")
    if any(key.works(wanted.created_at) for key in _named(connection, wanted.workspace, wanted.name)):
        raise Conflict(
            f"Workspace `{wanted.workspace}` already has a key named `{wanted.name}`. To replace it by one of the same "
            "role and end, rotate it. For another role or end, revoke it first."
        )
    return _insert(connection, wanted)


def rotate(connection: Connection, key: ApiKey, now: datetime, overlap: timedelta, by: str | None) -> RotatedKey:
    """Store a new key of the same person, role, workspace and end. The old one ends now, or after the overlap.

    Raises Conflict for a key that does not work, and for one that was rotated already.
    """
    if not key.works(now):
        raise Conflict(f"Key `{key.id}` of `{key.name}` does not work any more ({key.state(now)}). Create a new one.")
    namesakes = _namesakes(_named(connection, key.workspace, key.name), key, now)
    newer = next((other for other in namesakes if other.replaces == key.id), None)
    if newer is not None:
        raise Conflict(f"Key `{key.id}` of `{key.name}` was rotated already. The key in its place is `{newer.id}`.")
    wanted = ApiKey("", key.name, key.workspace, key.role, now, key.expires_at, created_by=by, replaces=key.id)
    made = _insert(connection, wanted)
    if not overlap:
        return RotatedKey(made, revoke(connection, [key, *namesakes], now, by)[0])
    ends = now + overlap if key.expires_at is None else min(key.expires_at, now + overlap)
    return RotatedKey(made, _set(connection, key, expires_at=ends))


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


def revoke(connection: Connection, keys: Sequence[ApiKey], now: datetime, by: str | None) -> list[ApiKey]:
    """Revoke keys. A revoked key stays as it is."""
    return [_set(connection, key, revoked_at=now, revoked_by=by) if key.revoked_at is None else key for key in keys]


def require_admin_left(keys: Sequence[ApiKey], ending: Sequence[ApiKey], now: datetime) -> None:
    """Raise Conflict if the last keys of role admin of a workspace are among those that are to end."""
    admins = lasting_admins(keys, now)
    if admins and all(admin in ending for admin in admins):
        raise Conflict(
            f"Key `{admins[0].name}` is the last one of role `admin` in workspace `{admins[0].workspace}`: without it, "
            "nobody could manage keys over HTTP. Create another key of this role first, or rotate this one. On the "
            "server's own machine, `evals-mcp keys revoke` takes it anyway."
        )


def lasting_admins(keys: Sequence[ApiKey], now: datetime) -> list[ApiKey]:
    """The keys of role admin that work, without those that were rotated and go on for a while."""
    rotated = {key.replaces for key in keys if key.revoked_at is None}
    return [key for key in keys if key.role is Role.ADMIN and key.works(now) and key.id not in rotated]


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
    Of a key that was rotated and the one in its place, it is the latter.

    Raises NotFound, and Invalid if there are several: by the name, or one by its id and others by their name.
    """
    named = [key for key in keys if key.name == id_or_name]
    unrevoked = [key for key in named if key.revoked_at is None]
    for key in keys:
        if key.id == id_or_name:
            _require_only_id(key, unrevoked)
            return key
    found = [key for key in unrevoked if key.works(now)] or unrevoked or named[-1:]
    rotated = {key.replaces for key in found}
    found = [key for key in found if key.id not in rotated]
    if not found:
        raise NotFound(f"Key `{id_or_name}` does not exist. `evals-mcp keys list --all` shows all keys.")
    if len(found) > 1:
        candidates = ", ".join(f"`{key.id}` (workspace {key.workspace})" for key in found)
        raise Invalid(f"Several keys have the name `{id_or_name}`. Use an id: {candidates}.")
    return found[0]


def _require_only_id(key: ApiKey, named: Sequence[ApiKey]) -> None:
    """Raise Invalid if other keys have the id of a key as their name, which versions before took."""
    if named:
        others = ", ".join(f"`{other.id}` (workspace {other.workspace})" for other in named)
        raise Invalid(
            f"`{key.id}` is the id of the key `{key.name}` (workspace {key.workspace}), and the name of another: "
            f"{others}. Use the id of the other, or the name of the first with its workspace."
        )


def with_namesakes(keys: Sequence[ApiKey], key: ApiKey, now: datetime) -> list[ApiKey]:
    """A key, and those that it was rotated from, or to, and that work."""
    return [key, *_namesakes(keys, key, now)]


def _namesakes(keys: Sequence[ApiKey], key: ApiKey, now: datetime) -> list[ApiKey]:
    of = key.workspace, key.name
    return [other for other in keys if (other.workspace, other.name) == of and other.id != key.id and other.works(now)]


def _insert(connection: Connection, wanted: ApiKey) -> NewKey:
    made = new_secret()
    key = wanted._replace(id=made.key_id)
    row = {**key._asdict(), "role": key.role.word, "read_only": True, "digest": made.digest}
    connection.execute(api_keys.insert().values(**row))
    return NewKey(key, made.secret)


def _set(connection: Connection, key: ApiKey, **values: Any) -> ApiKey:
    connection.execute(update(api_keys).where(api_keys.c.id == key.id).values(**values))
    return key._replace(**values)


def _named(connection: Connection, workspace: str, name: str) -> list[ApiKey]:
    named = select(api_keys).where(api_keys.c.workspace == workspace, api_keys.c.name == name)
    return [_key(row) for row in connection.execute(named)]


def _key(row: Row[Any]) -> ApiKey:
    values = {name: getattr(row, name) for name in ApiKey._fields}
    return ApiKey(**{**values, "role": Role.of(row.role)})
