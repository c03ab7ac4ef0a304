"""`evals-mcp keys`: create, list, rotate and revoke API keys, in a database or at a server."""

import argparse
import os
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from evals_mcp.cli.actor import actor_of
from evals_mcp.cli.arguments import add_served_database, control_of, database_of, settings_at
from evals_mcp.cli.printing import print_rows, visible
from evals_mcp.errors import Invalid
from evals_mcp.models.roles import ROLES, Role
from evals_mcp.variables import split_workspace

if TYPE_CHECKING:
    from evals_mcp.client.keys import Keys
    from evals_mcp.models.keys import KeyResponse, KeyState
    from evals_mcp.store.teams.api_keys import ApiKey
    from evals_mcp.store.teams.control import Control

T = TypeVar("T")
_HEADERS = ("id", "name", "workspace", "role", "created", "expires", "last used", "state")
_PAST_HEADERS = ("created by", "replaces", "revoked by")
_PAST: "tuple[KeyState, ...]" = ("revoked", "expired")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LONGEST = timedelta(days=36_500)


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    keys = commands.add_parser("keys", help="create, list, rotate and revoke API keys")
    actions = keys.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="create a key and print it; it cannot be shown again")
    create.add_argument("name", metavar="NAME", help="the person or program that gets the key")
    roles = create.add_mutually_exclusive_group()
    meanings = "; ".join(f"{role.word}: {meaning}" for role, meaning in ROLES.items())
    roles.add_argument("--role", choices=[role.word for role in Role], help=f"default write. {meanings}")
    roles.add_argument("--read-only", action="store_true", help="as --role read")
    expires = "90d (also h, w), or the day (UTC) on which it ends, such as 2027-01-31; default: never"
    create.add_argument("--expires", metavar="WHEN", help=expires)
    listing = actions.add_parser("list", help="list the keys that work, without their secrets")
    listing.add_argument("--all", action="store_true", help="also revoked and expired ones, and who did that")
    rotate = actions.add_parser("rotate", help="replace a key by a new one of the same person, role and end; print it")
    rotate.add_argument("key", metavar="ID_OR_NAME")
    rotate.add_argument(
        "--overlap", metavar="TIME", help="how long the old key goes on, such as 1h or 2d; default: it stops at once"
    )
    revoke = actions.add_parser("revoke", help="revoke a key; it stops within a second")
    revoke.add_argument("key", metavar="ID_OR_NAME")
    for action, command, keys_of in (
        (create, _create_key, "the key's workspace"),
        (listing, _list_keys, "only this workspace's keys"),
        (rotate, _rotate_key, "the key's workspace"),
        (revoke, _revoke_key, "the key's workspace"),
    ):
        action.add_argument("--workspace", metavar="NAME", help=f"{keys_of} (PostgreSQL only)")
        add_served_database(action)
        words = "a server instead of a database: the keys of your workspace; HUMANLOOP_API_KEY has a key of role admin"
        action.add_argument("--server", metavar="URL", help=words)
        action.set_defaults(command=command)


def _create_key(parsed: argparse.Namespace) -> int:
    role = Role.READ if parsed.read_only else Role.of(parsed.role or Role.WRITE.word)
    expires_at = None if parsed.expires is None else read_expiry(parsed.expires, datetime.now(UTC))
    if parsed.server is not None:
        from evals_mcp.models.keys import CreateKeyRequest

        _require_own_workspace(parsed)
        request = CreateKeyRequest(name=parsed.name, role=role.word, expires_at=expires_at)
        made = _at_server(parsed, lambda keys: keys.create(request))
        id, workspace, secret = made.id, made.workspace, made.key
        is_first = False
    else:
        database = database_of(parsed)
        is_new = not _exists(database)
        with control_of(parsed) as control:
            is_first = not control.keys()
            of = _named_workspace(parsed)
            created = control.create_key(of, parsed.name, role=role, expires_at=expires_at, by=actor_of(os.environ))
        if is_new:
            print(f"Created the database {database}.", file=sys.stderr)
        id, workspace, secret = created.key.id, created.key.workspace, created.secret
    print(secret)
    until = "" if expires_at is None else f" It expires at {_time(expires_at)}."
    first = " It is the first key: restart running servers so that they require it." if is_first else ""
    print(
        f"Created key {id} of {visible(parsed.name)} for workspace {workspace}, role {role.word}.{until} "
        f"Copy it now: it cannot be shown again.{first}",
        file=sys.stderr,
    )
    return 0


def read_expiry(text: str, now: datetime) -> datetime:
    """The time that a person writes as `90d` or `2027-01-31`. Raises Invalid."""
    length = _read_period(text)
    if length is None:
        try:
            found = datetime.fromisoformat(text.strip())
        except ValueError:
            found = None
        if found is not None and found.year > 1:
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    elif timedelta(0) < length <= _LONGEST:
        return now + length
    raise Invalid("--expires: give a time from now, such as 90d, 12h or 8w, or a day, such as 2027-01-31.")


def read_overlap(text: str) -> timedelta:
    """The time that a person writes as `1h`. Raises Invalid."""
    from evals_mcp.models.keys import LONGEST_OVERLAP

    length = _read_period(text)
    if length is None or not timedelta(0) < length <= LONGEST_OVERLAP:
        raise Invalid(f"--overlap: give a time such as 1h, 2d or 1w, of at most {LONGEST_OVERLAP.days}d.")
    return length


def _read_period(text: str) -> timedelta | None:
    period = re.fullmatch(r"(\d{1,6})([hdw])", text.strip())
    return None if period is None else int(period[1]) * _UNITS[period[2]]


def _list_keys(parsed: argparse.Namespace) -> int:
    found: list[tuple[ApiKey | KeyResponse, str, KeyState]]
    if parsed.server is not None:
        _require_own_workspace(parsed)
        found = [(key, key.role, key.state) for key in _at_server(parsed, lambda keys: keys.all())]
    elif not _exists(database := database_of(parsed)):
        print(f"The database {database} does not exist yet, so there are no keys.", file=sys.stderr)
        return 0
    else:
        of = _named_workspace(parsed)
        with control_of(parsed) as control:
            now, stored = control.database.now(), control.keys()
            own = control.workspace(of).name if of else None
        found = [(key, key.role.word, key.state(now)) for key in stored if own in (None, key.workspace)]
        if stored and not found:
            print(f"There are no keys of workspace {own}. Others have keys.", file=sys.stderr)
            return 0
    if not found:
        print("There are no keys. `evals-mcp serve` answers all requests, but only from this machine.", file=sys.stderr)
    shown = found if parsed.all else [item for item in found if item[2] not in _PAST]
    print_rows(
        (*_HEADERS, *_PAST_HEADERS) if parsed.all else _HEADERS,
        [(*_row(*item), *_past(item[0])) if parsed.all else _row(*item) for item in shown],
    )
    if left := len(found) - len(shown):
        are = "1 key is" if left == 1 else f"{left:,} keys are"
        print(f"{are} left out, revoked or expired. --all shows {'it' if left == 1 else 'them'}.", file=sys.stderr)
    return 0


def _exists(database: str) -> bool:
    """Whether a database is there: to open a file that is not there would create it."""
    from evals_mcp.store.database.states import is_missing

    return not is_missing(database)


def _past(key: "ApiKey | KeyResponse") -> tuple[str, ...]:
    """Who did it, as far as anybody knows."""
    return key.created_by or "", key.replaces or "", key.revoked_by or ""


def _row(key: "ApiKey | KeyResponse", role: str, state: "KeyState") -> tuple[str, ...]:
    ended = f"revoked {_time(key.revoked_at)}" if key.revoked_at else state
    expires = _time(key.expires_at) if key.expires_at else "never"
    used = _time(key.last_used_at) if key.last_used_at else "never"
    return key.id, key.name, key.workspace, role, _time(key.created_at), expires, used, ended


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%MZ}"


def _rotate_key(parsed: argparse.Namespace) -> int:
    overlap = timedelta(0) if parsed.overlap is None else read_overlap(parsed.overlap)
    if parsed.server is not None:
        from evals_mcp.models.keys import RotateKeyRequest

        _require_own_workspace(parsed)
        request = RotateKeyRequest(overlap_seconds=int(overlap.total_seconds()))
        made = _at_server(parsed, lambda keys: keys.rotate(parsed.key, request))
        new: ApiKey | KeyResponse = made
        role, secret = made.role, made.key
        until: datetime | None = made.replaced_until
    else:
        with control_of(parsed) as control:
            rotated = control.rotate_key(parsed.key, _named_workspace(parsed), overlap=overlap, by=actor_of(os.environ))
        new, role, secret = rotated.new.key, rotated.new.key.role.word, rotated.new.secret
        until = rotated.old.revoked_at or rotated.old.expires_at
    print(secret)
    ends = "" if new.expires_at is None else f" It expires at {_time(new.expires_at)}."
    stops = f"works until {_time(until)}" if overlap and until else "stops within a second"
    print(
        f"Created key {new.id} of {visible(new.name)} for workspace {new.workspace}, role {role}, in place of "
        f"{new.replaces}, which {stops}.{ends} Copy it now: it cannot be shown again.",
        file=sys.stderr,
    )
    return 0


def _named_workspace(parsed: argparse.Namespace) -> str | None:
    """The workspace that the command, the address of its database or a variable names."""
    named: str | None = parsed.workspace
    return named or split_workspace(database_of(parsed))[1]


def _require_own_workspace(parsed: argparse.Namespace) -> None:
    if parsed.workspace is not None or parsed.workspace_of_database:
        raise Invalid("Omit --workspace: a server has the keys of your own key's workspace.")


def _revoke_key(parsed: argparse.Namespace) -> int:
    if parsed.server is not None:
        _require_own_workspace(parsed)
        at_server = _at_server(parsed, lambda keys: keys.revoke(parsed.key))
        others = at_server.also_revoked
        key: ApiKey | KeyResponse = at_server
        role = at_server.role
    else:
        with control_of(parsed) as control:
            revoked = control.revoke_key(parsed.key, _named_workspace(parsed), by=actor_of(os.environ))
            _tell_of_admins(control, revoked[0])
        key, others, role = revoked[0], [other.id for other in revoked[1:]], revoked[0].role.word
    also = f", and {', '.join(others)}, which it replaced" if others else ""
    print(f"Revoked key {key.id} of {visible(key.name)} (workspace {key.workspace}, role {role}){also}.")
    return 0


def _tell_of_admins(control: "Control", revoked: "ApiKey") -> None:
    if revoked.role is not Role.ADMIN or control.has_admin(revoked.workspace):
        return
    where = "" if control.database.is_sqlite else f" --workspace {revoked.workspace}"
    print(
        f"No key of role admin works in workspace {revoked.workspace} now, so nobody can manage its keys over HTTP. To "
        f"create one: `evals-mcp keys create NAME --role admin{where}`.",
        file=sys.stderr,
    )


def _at_server(parsed: argparse.Namespace, ask: "Callable[[Keys], Awaitable[T]]") -> T:
    """What a server answers an administrator. Raises EvalsError."""
    import anyio

    from evals_mcp.wiring import build_client

    if not parsed.server.startswith(("http://", "https://")):
        raise Invalid("--server must be the address of a server, such as https://evals.internal.")
    if parsed.own_database:
        raise Invalid("Give --server or --database, not both.")
    if parsed.config:
        raise Invalid("Give --server or --config, not both.")

    async def answer() -> T:
        async with build_client(settings_at(parsed.server, os.environ)) as client:
            return await ask(client.keys)

    return anyio.run(answer)
