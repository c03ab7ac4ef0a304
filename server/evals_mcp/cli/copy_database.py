"""`evals-mcp copy`: move everything between two databases or servers."""

import argparse
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from evals_mcp.cli.printing import markup, output_console
from evals_mcp.cli.progress import progress_bar
from evals_mcp.errors import Invalid

if TYPE_CHECKING:
    from evals_mcp.config import Settings
    from evals_mcp.exporters.copying import Copied

_KEY = "HUMANLOOP_API_KEY"


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("copy", help="copy everything to another database or server: evals-mcp copy FROM TO")
    address = "a file, sqlite:///…, postgresql://…, or the http(s) address of a server"
    command.add_argument("source", metavar="FROM", help=address)
    command.add_argument("target", metavar="TO", help="the same; a new file is created")
    for role in ("from", "to"):
        command.add_argument(
            f"--{role}-key",
            metavar="VARIABLE",
            default=_KEY,
            help=f"environment variable with the API key of the server {role.upper()}; default {_KEY}",
        )
    command.set_defaults(command=_copy)


def _copy(parsed: argparse.Namespace) -> int:
    import anyio

    from evals_mcp.cli.arguments import note_on_workspaces, settings_at

    if parsed.workspace_of_database:
        raise Invalid(
            "Omit --workspace: each address of a copy names its own, as 'postgresql://HOST/NAME?workspace=NAME'."
        )
    _show(anyio.run(_copy_everything, parsed), note_on_workspaces(settings_at(parsed.target, _environ())))
    return 0


async def _copy_everything(parsed: argparse.Namespace) -> "Copied":
    from evals_mcp.cli.arguments import require_database, settings_at
    from evals_mcp.exporters.copying import copy_everything
    from evals_mcp.wiring import build_client

    source = settings_at(parsed.source, _environ(), parsed.from_key, "--from-key")
    target = settings_at(parsed.target, _environ(), parsed.to_key, "--to-key")
    if _place(source) == _place(target):
        raise Invalid("FROM and TO are the same.")
    require_database(source)
    with progress_bar() as tell:
        async with build_client(source) as reads, build_client(target) as writes:
            return await copy_everything(reads, writes, partial(tell, "copying records"))


def _environ() -> dict[str, str]:
    """The environment without a workspace: it cannot be that of both addresses, which name their own."""
    return {name: value for name, value in os.environ.items() if name != "EVALS_MCP_WORKSPACE"}


def _place(settings: "Settings") -> object:
    """What is equal for two addresses of the same place."""
    from evals_mcp.store.database.addresses import database_url
    from evals_mcp.variables import split_workspace

    if settings.base_url is not None:
        return settings
    return database_url(settings.database).set(query={}), split_workspace(settings.database)[1]


def _show(copied: "Copied", note: str) -> None:
    from rich.table import Table

    table = Table("kind", "in FROM", "new in TO")
    for kind, count in copied.records.items():
        if count:
            table.add_row(kind, f"{count:,}", f"{copied.added.get(kind, 0):,}")
    console = output_console()
    console.print(table)
    console.print("TO has all records." if copied.records else "FROM is empty.")
    if copied.surplus:
        *others, last = [_counted(kind, count) for kind, count in copied.surplus.items()]
        console.print(
            f"TO has {', '.join(others)}{' and ' if others else ''}{last} more than FROM: written there, or deleted in "
            "FROM after an earlier copy. A copy deletes nothing."
        )
    if copied.other_creators:
        console.print(
            f"{copied.other_creators:,} of its versions, evaluations and runs have another creator than in FROM: only "
            "a key with the role admin may say who created something. The same copy with such a key corrects it."
        )
    if note:
        console.print(markup(note))


def _counted(kind: str, count: int) -> str:
    """Records in words: `1 log`, `2 directories`, `3 review items`."""
    one = kind.replace("_", " ")
    several = "directories" if kind == "directory" else f"{one}s"
    return f"{count:,} {one if count == 1 else several}"
