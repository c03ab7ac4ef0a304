"""`evals-mcp setup`: add the server to the configuration of the hosts on this machine, or remove it there."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals_mcp.cli import completers
from evals_mcp.cli.completers import completed
from evals_mcp.cli.printing import markup, output_console, print_error
from evals_mcp.errors import EvalsError, Invalid, Unavailable

if TYPE_CHECKING:
    from evals_mcp.config import Settings
    from evals_mcp.hosts.changes import Change, Wish
    from evals_mcp.hosts.known import Host, Server
    from evals_mcp.hosts.machine import Machine

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_YES = frozenset(("y", "yes"))
_SHORT_LIVED = ("archive-v0", "environments-v2", ".cache", "Cache")
"""Folders in which uv and pipx keep what they run once."""


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    setup = commands.add_parser(
        "setup",
        help="add the server to your assistants: Claude Desktop, Claude Code, Codex, Gemini CLI, Cursor, VS Code, …",
        description="Add the server to the configuration of each host that is found, or of those that you name. Each "
        "change is shown and confirmed, and a backup of the file is kept beside it.",
        details=_describe_hosts,
    )
    hosts = setup.add_argument("hosts", metavar="HOST", nargs="*", default=[], help="default: every host that is found")
    completed(hosts, completers.hosts)
    setup.add_argument("--remove", action="store_true", help="remove the server instead")
    setup.add_argument("--print", action="store_true", dest="only_print", help="show the changes and write nothing")
    setup.add_argument("--yes", action="store_true", help="write without asking")
    setup.add_argument("--name", default="evals", help="name of the server in the host; default evals")
    setup.add_argument("--replace", action="store_true", help="replace another server of this name")
    variable = setup.add_argument(
        "--env",
        metavar="NAME[=VALUE]",
        action="append",
        default=[],
        help="a setting for the server, such as EVALS_MCP_DATABASE=evals.db; without a value, that of this shell",
    )
    completed(variable, completers.variables)
    setup.set_defaults(command=_set_up)


def _describe_hosts() -> str:
    from evals_mcp.hosts.known import HOSTS

    return "hosts:\n" + "".join(f"  {host.key:15} {host.name}\n" for host in HOSTS)


def _set_up(parsed: argparse.Namespace) -> int:
    from evals_mcp.hosts.changes import Wish
    from evals_mcp.hosts.machine import this_machine

    machine = this_machine(os.environ)
    if not _NAME.fullmatch(parsed.name):
        raise Invalid("--name takes 1 to 40 letters, digits, - and _: hosts refuse other names.")
    hosts = _chosen(parsed.hosts, machine)
    wish = Wish(parsed.name, None if parsed.remove else _server(parsed), parsed.replace)
    failed = written = False
    for host in hosts:
        try:
            written = _change(host, machine, wish, parsed) or written
        except EvalsError as error:
            print_error(f"{host.name}: {error}")
            failed = True
    if not parsed.remove:
        written_too = ["EVALS_MCP_WORKSPACE"] if parsed.workspace_of_database else []
        _note_unwritten([*parsed.env, *written_too])
        if written:
            _say("To check the whole way: evals-mcp doctor")
    return 1 if failed else 0


def _chosen(names: Sequence[str], machine: "Machine") -> "list[Host]":
    """The hosts that are named, else those that are found. Raises Invalid."""
    from difflib import get_close_matches

    from evals_mcp.hosts.known import HOSTS

    by_key = {host.key: host for host in HOSTS}
    keys = ", ".join(by_key)
    if not names:
        found = [host for host in HOSTS if host.is_found(machine)]
        if not found:
            raise Invalid(f"No host was found in {machine.home}. Name one, and its configuration is created: {keys}.")
        return found
    by_name = by_key | {host.name.lower().replace(" ", "-"): host for host in HOSTS}
    chosen = {}
    for name in names:
        host = by_name.get(name.lower().replace(" ", "-"))
        if host is None:
            near = get_close_matches(name.lower(), by_name, n=1)
            raise Invalid(f"{name!r} is not a host. Use {by_name[near[0]].key if near else f'one of {keys}'}.")
        chosen[host.key] = host
    return list(chosen.values())


def _server(parsed: argparse.Namespace) -> "Server":
    """Our server with the settings that the person gives it. Raises Invalid."""
    from evals_mcp.config import VARIABLES, read_settings
    from evals_mcp.hosts.known import Server
    from evals_mcp.hosts.machine import own_command

    variables = {} if parsed.database is None else {"EVALS_MCP_DATABASE": parsed.database}
    if parsed.workspace_of_database:
        variables["EVALS_MCP_WORKSPACE"] = parsed.workspace_of_database
    if parsed.import_dirs:
        variables["EVALS_MCP_IMPORT_DIRS"] = os.pathsep.join(map(os.path.abspath, parsed.import_dirs))
    for given in parsed.env:
        name, separator, value = given.partition("=")
        if name not in VARIABLES:
            raise Invalid(f"--env: the server has no setting {name!r}. It has {', '.join(VARIABLES)}.")
        if not separator and name not in os.environ:
            raise Invalid(f"--env: {name} is not set in this shell. Write {name}=VALUE.")
        variables[name] = value if separator else os.environ[name]
    database = variables.get("EVALS_MCP_DATABASE")
    if database and "://" not in database:  # a host starts the server in a folder of its own
        variables["EVALS_MCP_DATABASE"] = os.path.abspath(os.path.expanduser(database))
    _check_workspace(read_settings(variables))
    program, *arguments = own_command(os.environ)
    if any(part in _SHORT_LIVED for part in Path(program).parts):
        print_error(f"{program} may be deleted by the tool that runs it. Install evals-mcp, then repeat the set-up.")
    return Server(program, tuple(arguments), variables)


def _check_workspace(settings: "Settings") -> None:
    """Raise Invalid or NotFound if a PostgreSQL database has no workspace as the settings name it."""
    from evals_mcp.variables import is_postgresql

    if settings.base_url is not None or not is_postgresql(settings.database):
        return
    from evals_mcp.store.teams.addressed import find_place

    try:
        find_place(settings.database)
    except Unavailable as error:
        print_error(f"The workspace is not checked: {error}")


def _change(host: "Host", machine: "Machine", wish: "Wish", parsed: argparse.Namespace) -> bool:
    """Show a change, ask, and write it. Whether it was written. Raises EvalsError."""
    from evals_mcp.hosts.changes import Kind, apply, plan

    change = plan(host, machine, wish)
    if change.kind is Kind.NONE:
        state = "has no server of this name" if wish.server is None else "is set up already"
        _say(f"{host.name} {state}: {change.file.path}")
        return False
    _show(change)
    if parsed.only_print:
        return False
    if not parsed.yes and not _confirmed(host):
        _say(f"{host.name} was not changed.")
        return False
    backup = apply(change, machine, wish)
    kept = f" Backup: {backup}." if backup else ""
    if wish.server is None:
        _say(f"{host.name}: {wish.name} was removed from {change.file.path}.{kept} Restart the host to end the server.")
    else:
        _say(f"{host.name} is set up in {change.file.path}.{kept} {host.then}")
    return True


def _confirmed(host: "Host") -> bool:
    """Ask a person. Raises Invalid where nobody can answer."""
    if not sys.stdin.isatty():
        raise Invalid("Nobody can confirm the change here. Add --yes to write it, or --print to only look.")
    print(f"Write this to the configuration of {host.name}? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in _YES


def _show(change: "Change") -> None:
    from evals_mcp.cli.shown_change import shown_change

    console = output_console()
    for line in shown_change(change):
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        console.print(markup(line), style=style if line[:3] not in ("+++", "---") else "bold", soft_wrap=True)


def _note_unwritten(given: Sequence[str]) -> None:
    """Tell of settings that this shell has and the host's server does not get."""
    from evals_mcp.config import VARIABLES

    written = {item.partition("=")[0] for item in given}
    unwritten = [name for name in VARIABLES if os.environ.get(name) and name not in written]
    if unwritten:
        options = " ".join(f"--env {name}" for name in unwritten)
        _say(f"This shell sets {', '.join(unwritten)}; hosts do not read that. To write it there, add {options}.")


def _say(text: str) -> None:
    output_console().print(markup(text), soft_wrap=True)
