"""`evals-mcp workspaces`: create and list workspaces on PostgreSQL."""

import argparse
import sys
from typing import Any

from evals_mcp.cli.arguments import add_database, control_of
from evals_mcp.cli.printing import print_rows


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    workspaces = commands.add_parser("workspaces", help="create and list workspaces on PostgreSQL")
    actions = workspaces.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="create a workspace and its tables")
    create.add_argument("name", metavar="NAME")
    listing = actions.add_parser("list", help="list all workspaces")
    for action, command in ((create, _create_workspace), (listing, _list_workspaces)):
        add_database(action)
        action.set_defaults(command=command)


def _create_workspace(parsed: argparse.Namespace) -> int:
    with control_of(parsed) as control:
        print(f"Created workspace {control.create_workspace(parsed.name).name}.")
    return 0


def _list_workspaces(parsed: argparse.Namespace) -> int:
    with control_of(parsed) as control:
        workspaces = control.workspaces()
    if not workspaces:
        print("There are no workspaces. To create one: `evals-mcp workspaces create NAME`.", file=sys.stderr)
    print_rows(("name", "created"), [(item.name, f"{item.created_at:%Y-%m-%d %H:%MZ}") for item in workspaces])
    return 0
