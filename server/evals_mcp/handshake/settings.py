"""What of the command line and the environment the first answers depend on."""

import os
from collections.abc import Mapping, Sequence

from evals_mcp.variables import (
    DEFAULT_MAX_TOKENS,
    LEAST_TOKENS,
    MOST_JOURNAL_DAYS,
    MOST_TOKENS,
    flag,
    given,
    whole_number,
    workspace_of_file,
)


class EarlySettings:
    """Whether the tools that write are left out, and the default budget of answers.

    `max_tokens` is None if the list of tools depends on more than settings: on a remote server, or on what is wrong.
    """

    def __init__(self, *, read_only: bool, max_tokens: int | None) -> None:
        self.read_only = read_only
        self.max_tokens = max_tokens


def early_settings(arguments: Sequence[str], environ: Mapping[str, str]) -> EarlySettings | None:
    """The settings of the stdio server; None if the arguments may ask for anything else."""
    options = _server_options(arguments)
    if options is None or "_ARGCOMPLETE" in environ:  # a shell completes a line
        return None

    def variable(name: str) -> str | None:
        return given(environ.get(name, ""))

    read_only = variable("EVALS_MCP_READ_ONLY")
    only_reads = flag(read_only or "false")
    tokens = whole_number(variable("EVALS_MCP_MAX_TOKENS") or str(DEFAULT_MAX_TOKENS), LEAST_TOKENS, MOST_TOKENS)
    days = whole_number(variable("EVALS_MCP_JOURNAL_DAYS") or "1", 1, MOST_JOURNAL_DAYS)
    named, folders = options
    folders += (variable("EVALS_MCP_IMPORT_DIRS") or "").split(os.pathsep)
    database = named.get("--database") or variable("EVALS_MCP_DATABASE") or ""  # or the default, a file, too
    workspace = given(named.get("--workspace", "")) or variable("EVALS_MCP_WORKSPACE")
    is_known = (
        variable("HUMANLOOP_BASE_URL") is None
        and only_reads is not None
        and days is not None
        and workspace_of_file(database, workspace) is None
        and all(_is_absolute(folder.strip()) for folder in folders if given(folder))
    )
    return EarlySettings(read_only=bool(only_reads), max_tokens=tokens if is_known else None)


def _server_options(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]] | None:
    """The server's options and the folders among them; None for other arguments, or options in another form."""
    named: dict[str, str] = {}
    folders: list[str] = []
    left = list(arguments)
    while left:
        option = left.pop(0)
        if option in ("--database", "--workspace") and left and left[0] and not left[0].startswith("-"):
            named[option] = left.pop(0)
        elif option == "--import-dirs":
            while left and not left[0].startswith("-"):
                folders.append(left.pop(0))
                if given(folders[-1]) and not _is_absolute(folders[-1]):
                    return None  # it may be a command
        else:
            return None
    return named, folders


def _is_absolute(folder: str) -> bool:
    path = os.path.expanduser(folder)
    return os.path.isabs(path) and (os.name != "nt" or bool(os.path.splitdrive(path)[0]))
