"""`evals-mcp keys`: create, list and revoke API keys."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from evals_mcp.cli.arguments import add_database, control_of
from evals_mcp.cli.printing import print_rows
from evals_mcp.models.roles import Role

if TYPE_CHECKING:
    from evals_mcp.store.teams.api_keys import ApiKey

_HEADERS = ("id", "name", "workspace", "role", "created", "state")


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    keys = commands.add_parser("keys", help="create, list and revoke API keys")
    actions = keys.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="create a key and print it; it cannot be shown again")
    create.add_argument("name", metavar="NAME", help="label: who or what uses the key")
    create.add_argument("--workspace", metavar="NAME", help="the key's workspace (PostgreSQL only)")
    create.add_argument("--read-only", action="store_true", help="the key can read but not write")
    listing = actions.add_parser("list", help="list all keys, without their secrets")
    revoke = actions.add_parser("revoke", help="revoke a key")
    revoke.add_argument("key", metavar="ID_OR_NAME")
    for action, command in ((create, _create_key), (listing, _list_keys), (revoke, _revoke_key)):
        add_database(action)
        action.set_defaults(command=command)


def _create_key(parsed: argparse.Namespace) -> int:
    with control_of(parsed) as control:
        created = control.create_key(parsed.workspace, parsed.name, role=Role.READ if parsed.read_only else Role.WRITE)
    print(created.secret)
    print(
        f"Created key {created.key.id} for workspace {created.key.workspace}. Copy it now: it cannot be shown again. "
        "If this is your first key, restart running servers so that they require it.",
        file=sys.stderr,
    )
    return 0


def _list_keys(parsed: argparse.Namespace) -> int:
    with control_of(parsed) as control:
        keys = control.keys()
    if not keys:
        print("There are no keys. `evals-mcp serve` answers all requests, but only from this machine.", file=sys.stderr)
    print_rows(_HEADERS, map(_row, keys))
    return 0


def _row(key: "ApiKey") -> tuple[str, ...]:
    state = f"revoked {key.revoked_at:%Y-%m-%d %H:%MZ}" if key.revoked_at else "active"
    return key.id, key.name, key.workspace, key.role.word, f"{key.created_at:%Y-%m-%d %H:%MZ}", state


def _revoke_key(parsed: argparse.Namespace) -> int:
    with control_of(parsed) as control:
        print(f"Revoked {control.revoke_key(parsed.key).id}.")
    return 0
