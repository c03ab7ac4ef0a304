"""`evals-mcp keys`: create, list and revoke API keys, in a database or at a server."""

import argparse
import os
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from evals_mcp.cli.arguments import add_database, control_of, database_of, settings_at
from evals_mcp.cli.printing import print_rows, visible
from evals_mcp.errors import Invalid
from evals_mcp.models.roles import ROLES, Role
from evals_mcp.variables import split_workspace

if TYPE_CHECKING:
    from evals_mcp.client.keys import Keys
    from evals_mcp.models.keys import KeyResponse
    from evals_mcp.store.teams.api_keys import ApiKey

T = TypeVar("T")
_HEADERS = ("id", "name", "workspace", "role", "created", "expires", "last used", "state")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LONGEST = timedelta(days=36_500)


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    keys = commands.add_parser("keys", help="create, list and revoke API keys")
    actions = keys.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="create a key and print it; it cannot be shown again")
    create.add_argument("name", metavar="NAME", help="the person or program that gets the key")
    create.add_argument("--workspace", metavar="NAME", help="the key's workspace (PostgreSQL only)")
    roles = create.add_mutually_exclusive_group()
    meanings = "; ".join(f"{role.word}: {meaning}" for role, meaning in ROLES.items())
    roles.add_argument("--role", choices=[role.word for role in Role], help=f"default write. {meanings}")
    roles.add_argument("--read-only", action="store_true", help="as --role read")
    expires = "90d (also h, w), or the day (UTC) on which it ends, such as 2027-01-31; default: never"
    create.add_argument("--expires", metavar="WHEN", help=expires)
    listing = actions.add_parser("list", help="list all keys, without their secrets")
    revoke = actions.add_parser("revoke", help="revoke a key; it stops within a second")
    revoke.add_argument("key", metavar="ID_OR_NAME")
    for action, command in ((create, _create_key), (listing, _list_keys), (revoke, _revoke_key)):
        add_database(action)
        words = "a server instead of a database: the keys of your workspace; HUMANLOOP_API_KEY has a key of role admin"
        action.add_argument("--server", metavar="URL", help=words)
        action.set_defaults(command=command)


def _create_key(parsed: argparse.Namespace) -> int:
    role = Role.READ if parsed.read_only else Role.of(parsed.role or Role.WRITE.word)
    expires_at = None if parsed.expires is None else read_expiry(parsed.expires, datetime.now(UTC))
    if parsed.server is not None:
        from evals_mcp.models.keys import CreateKeyRequest

        if parsed.workspace is not None:
            raise Invalid("Omit --workspace: at a server, a new key is one of your own key's workspace.")
        request = CreateKeyRequest(name=parsed.name, role=role.word, expires_at=expires_at)
        made = _at_server(parsed, lambda keys: keys.create(request))
        id, workspace, secret = made.id, made.workspace, made.key
        is_first = False
    else:
        database = database_of(parsed)
        is_new = not _exists(database)
        with control_of(parsed) as control:
            of = parsed.workspace or split_workspace(database)[1]
            is_first = not control.keys()
            created = control.create_key(of, parsed.name, role=role, expires_at=expires_at)
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
    period = re.fullmatch(r"(\d{1,6})([hdw])", text.strip())
    if period is not None:
        length = int(period[1]) * _UNITS[period[2]]
        if timedelta(0) < length <= _LONGEST:
            return now + length
    else:
        try:
            found = datetime.fromisoformat(text.strip())
        except ValueError:
            found = None
        if found is not None and found.year > 1:
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    raise Invalid("--expires: give a time from now, such as 90d, 12h or 8w, or a day, such as 2027-01-31.")


def _list_keys(parsed: argparse.Namespace) -> int:
    if parsed.server is not None:
        rows = [_row(key, key.role, key.state) for key in _at_server(parsed, lambda keys: keys.all())]
    elif not _exists(database := database_of(parsed)):
        print(f"The database {database} does not exist yet, so there are no keys.", file=sys.stderr)
        return 0
    else:
        with control_of(parsed) as control:
            now, found = control.database.now(), control.keys()
        rows = [_row(key, key.role.word, key.state(now)) for key in found]
    if not rows:
        print("There are no keys. `evals-mcp serve` answers all requests, but only from this machine.", file=sys.stderr)
    print_rows(_HEADERS, rows)
    return 0


def _exists(database: str) -> bool:
    """Whether a database is there: to open a file that is not there would create it."""
    from evals_mcp.store.database.states import is_missing

    return not is_missing(database)


def _row(key: "ApiKey | KeyResponse", role: str, state: str) -> tuple[str, ...]:
    ended = f"revoked {_time(key.revoked_at)}" if key.revoked_at else state
    expires = _time(key.expires_at) if key.expires_at else "never"
    used = _time(key.last_used_at) if key.last_used_at else "never"
    return key.id, key.name, key.workspace, role, _time(key.created_at), expires, used, ended


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%MZ}"


def _revoke_key(parsed: argparse.Namespace) -> int:
    if parsed.server is not None:
        at_server = _at_server(parsed, lambda keys: keys.revoke(parsed.key))
        id, name, workspace, role = at_server.id, at_server.name, at_server.workspace, at_server.role
    else:
        with control_of(parsed) as control:
            key = control.revoke_key(parsed.key)
        id, name, workspace, role = key.id, key.name, key.workspace, key.role.word
    print(f"Revoked key {id} of {visible(name)} (workspace {workspace}, role {role}).")
    return 0


def _at_server(parsed: argparse.Namespace, ask: "Callable[[Keys], Awaitable[T]]") -> T:
    """What a server answers an administrator. Raises EvalsError."""
    import anyio

    from evals_mcp.wiring import build_client

    if not parsed.server.startswith(("http://", "https://")):
        raise Invalid("--server must be the address of a server, such as https://evals.internal.")
    if parsed.own_database:
        raise Invalid("Give --server or --database, not both.")

    async def answer() -> T:
        async with build_client(settings_at(parsed.server, os.environ)) as client:
            return await ask(client.keys)

    return anyio.run(answer)
