"""Shared by the commands: a parser with details at the end of its help, and the `--database` option."""

import argparse
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from evals_mcp.cli.printing import visible
from evals_mcp.errors import Invalid
from evals_mcp.variables import is_postgresql

if TYPE_CHECKING:
    from evals_mcp.config import Settings
    from evals_mcp.store.teams.control import Control

_INDENT = " " * 6
_OF_PROGRAM = re.compile(r"unrecognized arguments: (--database|--workspace|--import-dirs)\b")


class Parser(argparse.ArgumentParser):
    """A parser with details at the end of its help. It works them out only when the help is printed."""

    def __init__(self, *, details: Callable[[], str] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._details = details

    def format_help(self) -> str:
        """The usual help, followed by the details."""
        return super().format_help() + (f"\n{self._details()}" if self._details else "")

    def error(self, message: str) -> NoReturn:
        """Exit with the usage. A name that the shell found for a pattern may be taken for an option."""
        super().error(visible(message) + _before_command(message))

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Exit after the output is written. Raises BrokenPipeError if nobody reads it."""
        sys.stdout.flush()
        super().exit(status, message)


def _before_command(message: str) -> str:
    """That an option of the program, which some commands have, too, stands before the others."""
    found = _OF_PROGRAM.match(message)
    return f". Write it before the command: evals-mcp {found[1]} … COMMAND …" if found else ""


def add_database(parser: argparse.ArgumentParser) -> None:
    """Add the `--database` option to a command."""
    parser.add_argument("--database", metavar="FILE_OR_URL", dest="own_database", help="overrides EVALS_MCP_DATABASE")


def add_config(parser: argparse.ArgumentParser, **options: Any) -> None:
    """Add the `--config` option to a command that works on the database of a server."""
    words = "the TOML file of evals-mcp serve: its database, where no argument and no variable names one"
    parser.add_argument("--config", metavar="FILE", help=words, **options)


def add_served_database(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the database of a server: itself, or by the server's file."""
    add_database(parser)
    add_config(parser)


def database_of(parsed: argparse.Namespace, *, takes_workspace: bool = True) -> str:
    """The database of a command for whoever runs a server: its own `--database`, that of the environment or the file's.

    Its address has the workspace that the environment or, if it `takes_workspace`, the file names. Raises Invalid, also
    if that or the command's own `--workspace` is one of a SQLite file.
    """
    from evals_mcp.serving.configuration import served_database
    from evals_mcp.store.database.addresses import require_no_workspace_of_file

    named = getattr(parsed, "own_database", None) or parsed.database
    address = served_database(named, os.environ, parsed.config, takes_workspace=takes_workspace)
    own: str | list[str] | None = getattr(parsed, "workspace", None)
    for name in own if isinstance(own, list) else [own]:
        require_no_workspace_of_file(address, name)
    return address


def named_database(parsed: argparse.Namespace) -> str | None:
    """The database that a command line names, itself or by `--config`; None if it names none. Raises Invalid."""
    named: str | None = getattr(parsed, "own_database", None) or parsed.database
    return database_of(parsed) if named is None and parsed.config is not None else named


def settings_at(
    address: str | None, environ: Mapping[str, str], key: str = "HUMANLOOP_API_KEY", option: str | None = None
) -> "Settings":
    """The settings for an address: a database, or the URL of a server whose key a variable has.

    `option` is the one that names the variable.

    Without an address, those of the environment. Raises Invalid.
    """
    from evals_mcp.config import Settings, read_database, read_settings

    if address is None:
        return read_settings(environ)
    if address.startswith(("http://", "https://")):
        or_other = f", or name another variable with {option}" if option else ""
        advice = f"Set {key} to a key of this server{or_other}."
        return Settings(database="", base_url=address, api_key=environ.get(key), key_advice=advice)
    return Settings(database=read_database(environ, address))


def require_database(settings: "Settings") -> None:
    """Raise Invalid for a database file that does not exist, because opening it would create it."""
    if settings.base_url is not None:
        return
    from evals_mcp.store.database.states import is_missing

    if is_missing(settings.database):
        raise Invalid(f"There is no database {settings.database}.")


def note_on_workspaces(settings: "Settings") -> str:
    """That what a command writes to a PostgreSQL database is in none of its workspaces; "" if it is in one."""
    if settings.base_url is not None or not is_postgresql(settings.database):
        return ""
    from evals_mcp.store.teams.addressed import find_place

    place = find_place(settings.database)
    if place.workspace is not None:
        return ""
    names = ", ".join(place.workspaces) or "there are none yet"
    return (
        f"This is in the schema public, which an earlier version made, and in no workspace ({names}). To move it into "
        "one: `evals-mcp copy ADDRESS 'ADDRESS?workspace=NAME'`."
    )


@contextmanager
def control_of(parsed: argparse.Namespace) -> "Iterator[Control]":
    """The workspaces and keys in the database of a command. Raises Invalid, Unavailable and Conflict."""
    from evals_mcp.store.teams.control import open_control

    with closing(open_control(database_of(parsed))) as control:
        yield control


def listed(meanings: Mapping[str, str]) -> str:
    """Names, each with its meaning on the lines below it."""
    return "".join(
        f"  {name}\n{textwrap.fill(meaning.replace('`', ''), 78, initial_indent=_INDENT, subsequent_indent=_INDENT)}\n"
        for name, meaning in meanings.items()
    )
