"""`evals-mcp workspaces`: create, list, limit, rename, move and remove workspaces on PostgreSQL."""

import argparse
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from evals_mcp.cli.arguments import add_served_database, control_of
from evals_mcp.cli.printing import print_rows
from evals_mcp.errors import Invalid, Unavailable
from evals_mcp.models.sizes import size_words

if TYPE_CHECKING:
    from evals_mcp.store.database.meter import Limits
    from evals_mcp.store.teams.control import Control
    from evals_mcp.store.teams.usage import Usage
    from evals_mcp.store.teams.workspaces import Workspace

_HEADERS = ("name", "evaluations", "runs", "logs", "size", "keys", "created", "limits")
_NONE = "none"
_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_MOST = 10**15
_MOST_REQUESTS = 10**9
_TOLD_FROM = 80


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    workspaces = commands.add_parser("workspaces", help="create, list, limit, rename, move and remove workspaces")
    actions = workspaces.add_subparsers(title="actions", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="create a workspace and its tables")
    create.add_argument("name", metavar="NAME")
    create.add_argument(
        "--distributed", action="store_true", help="place it on a node of a distributed database (Citus)"
    )
    listing = actions.add_parser("list", help="list all workspaces, with what they have")
    rename = actions.add_parser("rename", help="give a workspace another name; its data and keys stay")
    rename.add_argument("name", metavar="OLD")
    rename.add_argument("new_name", metavar="NEW")
    move = actions.add_parser("move", help="move a workspace to a node of a distributed database (Citus)")
    move.add_argument("name", metavar="NAME")
    move.add_argument("node", metavar="HOST[:PORT]", help="the node, by the name that the coordinator has for it")
    remove = actions.add_parser("remove", help="delete a workspace with its data and keys")
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("--yes", action="store_true", help="delete without asking")
    limit = actions.add_parser("limit", help="show or set what a workspace may have; none takes a limit away")
    limit.add_argument("name", metavar="NAME")
    limit.add_argument("--logs", metavar="N", help="logs: outputs, judgments and what is traced")
    limit.add_argument("--bytes", metavar="SIZE", help="data on the disk, such as 500MB or 5GB")
    limit.add_argument("--requests", metavar="N", help="requests a minute, to all processes of a server together")
    commands_of_actions = (
        (create, _create_workspace),
        (listing, _list_workspaces),
        (rename, _rename_workspace),
        (move, _move_workspace),
        (remove, _remove_workspace),
        (limit, _limit_workspace),
    )
    for action, command in commands_of_actions:
        add_served_database(action)
        action.set_defaults(command=command)


def _create_workspace(parsed: argparse.Namespace) -> int:
    with control_of(parsed) as control:
        print(f"Created workspace {control.create_workspace(parsed.name, distributed=parsed.distributed).name}.")
    return 0


def _list_workspaces(parsed: argparse.Namespace) -> int:
    with control_of(parsed) as control:
        places = control.places()
        rows = [_row(control, workspace, places) for workspace in control.workspaces()]
        left = control.left_over()
    if not rows:
        print("There are no workspaces. To create one: `evals-mcp workspaces create NAME`.", file=sys.stderr)
    print_rows((*_HEADERS, "node") if places else _HEADERS, rows)
    for name in left:
        print(
            f"The data of {name}, which was removed, is not deleted yet: `evals-mcp workspaces remove {name}`.",
            file=sys.stderr,
        )
    return 0


def _row(control: "Control", workspace: "Workspace", places: Mapping[str, str]) -> tuple[str, ...]:
    counts: tuple[str, ...] = ("?", "?", "?", "?")  # while its node is away
    limits = "?"
    with suppress(Unavailable):
        usage = control.usage(workspace)
        logs = f"{'about ' if usage.logs_are_estimated else ''}{usage.logs:,}"
        counts = (f"{usage.evaluations:,}", f"{usage.runs:,}", logs, size_words(usage.bytes))
        limits = _limits_used(control.limits(workspace.name), usage)
    place = (places[workspace.name],) if places else ()
    return (
        workspace.name,
        *counts,
        f"{control.keys_of(workspace):,}",
        f"{workspace.created_at:%Y-%m-%d %H:%MZ}",
        limits,
        *place,
    )


def _move_workspace(parsed: argparse.Namespace) -> int:
    from evals_mcp.store.database.nodes import Node

    host, colon, port = parsed.node.rpartition(":")
    if colon and not port.isdecimal():
        raise Invalid("The node must be HOST or HOST:PORT, as `evals-mcp workspaces list` shows it.")
    node = Node(host, int(port)) if colon else Node(port, 5432)
    with control_of(parsed) as control:
        print(f"Workspace {control.move_workspace(parsed.name, node).name} is on {node} now. Servers go on.")
    return 0


def _limits_used(limits: "Limits", usage: "Usage") -> str:
    """The limits of a workspace; of storage with the share that is used, and a mark where that is most of it."""
    parts = []
    for used, most, shown in (
        (usage.logs, limits.logs, _logs),
        (usage.bytes, limits.bytes, size_words),
    ):
        if most is not None:
            percent = used * 100 // most
            share = f"{percent}%" if percent <= 100 else shown(used)
            parts.append(f"{shown(most)} ({share} used{'!' if percent >= _TOLD_FROM else ''})")
    if limits.requests is not None:
        parts.append(f"{limits.requests:,} requests a minute")
    return ", ".join(parts) or _NONE


def _limit_workspace(parsed: argparse.Namespace) -> int:
    with control_of(parsed) as control:
        limits = control.limits(parsed.name)
        given = {
            "logs": _read_number("--logs", parsed.logs, _MOST),
            "bytes": _read_size(parsed.bytes),
            "requests": _read_number("--requests", parsed.requests, _MOST_REQUESTS),
        }
        changed = {name: most or None for name, most in given.items() if most is not None}
        if changed:
            control.limit_workspace(parsed.name, limits._replace(**changed))
        limits, usage = control.limits(parsed.name), control.usage(control.workspace(parsed.name))
    print(f"{parsed.name}: {_limits_used(limits, usage)}")
    for sentence in _exceeded(limits, usage):
        print(sentence, file=sys.stderr)
    return 0


def _exceeded(limits: "Limits", usage: "Usage") -> list[str]:
    """What servers refuse because a limit is below what the workspace has already."""
    sentences = []
    if limits.logs is not None and usage.logs > limits.logs:
        has = f"{'about ' if usage.logs_are_estimated else ''}{_logs(usage.logs)}"
        sentences.append(f"It has {has} already, more than this limit: no log can be added until it has fewer.")
    if limits.bytes is not None and usage.bytes > limits.bytes:
        sentences.append(
            f"It has {size_words(usage.bytes)} already, more than this limit: every write but deleting and undoing is "
            "refused until it has less."
        )
    return sentences


def _logs(number: int) -> str:
    return _count(number, "log")


def _read_number(option: str, text: str | None, most: int) -> int | None:
    """The number of an option; 0 for `none`, and None without the option. Raises Invalid."""
    if text is None or text.lower() == _NONE:
        return None if text is None else 0
    digits = text.replace(",", "").replace("_", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(most)) and 1 <= int(digits) <= most):
        raise Invalid(f"{option} must be a whole number from 1 to {most:,}, or none, not {text[:40]!r}.")
    return int(digits)


def _read_size(text: str | None) -> int | None:
    """The bytes of a size; 0 for `none`, and None without the option. Raises Invalid."""
    if text is None or text.lower() == _NONE:
        return None if text is None else 0
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?) ?([kmgt]?b?)", text.lower(), re.ASCII)
    size = 0 if found is None or found[2] not in _UNITS else int(float(found[1]) * _UNITS[found[2]])
    if not 1 <= size <= _MOST:
        raise Invalid(f"--bytes must be a size such as 500MB or 5GB, up to 1,000 TB, or none, not {text[:40]!r}.")
    return size


def _rename_workspace(parsed: argparse.Namespace) -> int:
    with control_of(parsed) as control:
        renamed = control.rename_workspace(parsed.name, parsed.new_name)
    print(f"Workspace {parsed.name} is now {renamed.name}. Keys and servers go on; change addresses that name it.")
    return 0


def _remove_workspace(parsed: argparse.Namespace) -> int:
    with control_of(parsed) as control:
        control.require_removable()
        if parsed.name not in control.left_over():
            print(_what_goes(control, control.workspace(parsed.name)), flush=True)
        if not parsed.yes:
            _require_confirmation(parsed.name)
        is_deleted = control.remove_workspace(parsed.name)
    print(f"Removed workspace {parsed.name}.")
    if not is_deleted:
        print(
            "Its keys have ended, and nobody can reach its data, but something still reads it. To delete it, repeat "
            "the command.",
            file=sys.stderr,
        )
    return 0


def _what_goes(control: "Control", workspace: "Workspace") -> str:
    usage = control.usage(workspace)
    parts = (
        _count(usage.evaluations, "evaluation"),
        _count(usage.runs, "run"),
        f"{'about ' if usage.logs_are_estimated else ''}{_count(usage.logs, 'log')}",
        _count(control.keys_of(workspace), "key"),
    )
    has = f"{', '.join(parts[:-1])} and {parts[-1]} ({size_words(usage.bytes)})"
    return f"Workspace {workspace.name} has {has}. All of it is deleted, and cannot be brought back."


def _require_confirmation(name: str) -> None:
    """Let a person type the name. Raises Invalid for another, and where nobody can answer."""
    if not sys.stdin.isatty():
        raise Invalid("Nobody can confirm this here. Nothing was removed. Add --yes to remove the workspace.")
    print(f"To remove it, type its name ({name}): ", end="", flush=True)
    if sys.stdin.readline().strip() != name:
        raise Invalid("That is not its name. Nothing was removed.")


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
