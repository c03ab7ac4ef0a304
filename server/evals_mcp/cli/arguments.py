"""What the commands share: a parser whose help ends with details, and the database that a command is about."""

import argparse
import os
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

_INDENT = " " * 6


class Parser(argparse.ArgumentParser):
    """A parser whose help ends with details; they are worked out when somebody asks for help."""

    def __init__(self, *, details: Callable[[], str] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._details = details

    def format_help(self) -> str:
        """The usual help, and the details behind it."""
        return super().format_help() + (f"\n{self._details()}" if self._details else "")


def add_database(parser: argparse.ArgumentParser) -> None:
    """Let a command name its database."""
    parser.add_argument("--database", metavar="FILE_OR_URL", dest="own_database", help="instead of EVALS_MCP_DATABASE")


def database_of(parsed: argparse.Namespace) -> str:
    """The database that a command is about: its own, else that of the settings. Raises Invalid."""
    from evals_mcp.config import read_settings

    return read_settings(os.environ, database=parsed.own_database or parsed.database).database


def listed(meanings: Mapping[str, str]) -> str:
    """Names with their meanings below them, for the end of a help text."""
    return "".join(
        f"  {name}\n{textwrap.fill(meaning.replace('`', ''), 78, initial_indent=_INDENT, subsequent_indent=_INDENT)}\n"
        for name, meaning in meanings.items()
    )
