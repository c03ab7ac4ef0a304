"""`evals-mcp journal`: list what was written, and take a write back."""

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from evals_mcp.cli.actor import actor_of
from evals_mcp.cli.arguments import add_config, named_database, require_database, settings_at
from evals_mcp.cli.printing import visible
from evals_mcp.cli.progress import progress_bar
from evals_mcp.errors import Invalid

if TYPE_CHECKING:
    from evals_mcp.client.client import EvalsClient
    from evals_mcp.models.journal import JournalEntry, JournalPage

_PAGE = 1_000
_EVALUATION_ID = "evr_"
_TOOL = "evals-mcp journal"


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    journal = commands.add_parser("journal", help="list what was written, newest first, or undo a write")
    journal.add_argument("--limit", type=int, default=20, metavar="N", help="how many writes to list; default 20")
    journal.add_argument("--evaluation", metavar="NAME", help="only writes about this one (name or id)")
    _add_from(journal)
    journal.set_defaults(command=_list_writes)
    actions = journal.add_subparsers(title="actions", metavar="ACTION")
    undo = actions.add_parser("undo", help="undo a write, exactly and once")
    undo.add_argument("write", metavar="HANDLE", help="handle of the write, from the list")
    undo.add_argument("--yes", action="store_true", help="also undo a write of several rows, such as an import")
    _add_from(undo, default=argparse.SUPPRESS)
    undo.set_defaults(command=_undo_write)


def _add_from(parser: argparse.ArgumentParser, **options: Any) -> None:
    words = "database, or URL of a server, whose key HUMANLOOP_API_KEY has; default: as the MCP server has it"
    parser.add_argument("--from", dest="source", metavar="FILE_OR_URL", help=words, **options)
    add_config(parser, **options)


def _list_writes(parsed: argparse.Namespace) -> int:
    import anyio

    if parsed.limit < 1:
        raise Invalid("--limit must be 1 or more.")
    found = anyio.run(_read, parsed.source or named_database(parsed), parsed.limit, parsed.evaluation)
    for entry in found.records:
        print("\t".join(_cells(entry)))
    over = "over " if found.total_is_least else ""
    since = "none yet" if found.since is None else f"{over}{found.total:,} since {found.since:%Y-%m-%d}"
    print(f"Writes: {since}. Entries are kept for {found.kept_days:,} days.", file=sys.stderr)
    return 0


def _undo_write(parsed: argparse.Namespace) -> int:
    import anyio

    undone = anyio.run(_undo, parsed.source or named_database(parsed), parsed.write, parsed.yes)
    print(f"Undid {undone.subject}.")
    return 0


async def _read(source: str | None, limit: int, evaluation: str | None) -> "JournalPage":
    from evals_mcp.lookup.lookup import Lookup

    async with _client(source) as client:
        id = evaluation
        if evaluation is not None and not evaluation.startswith(_EVALUATION_ID):  # an id may be of a deleted one
            id = (await Lookup(client).find_evaluation(evaluation)).id
        found = await client.journal.page(1, min(limit, _PAGE), id, check=True)
        while len(found.records) < limit and len(found.records) % _PAGE == 0:
            more = await client.journal.page(len(found.records) // _PAGE + 1, _PAGE, id)
            if not more.records:
                break
            found = more.model_copy(update={"records": found.records + more.records})
    found.records = found.records[:limit]
    return found


async def _undo(source: str | None, write: str, yes: bool) -> "JournalEntry":
    with progress_bar() as tell:
        await tell("undoing", 0, None)
        return await _undo_at(source, write, yes)


async def _undo_at(source: str | None, write: str, yes: bool) -> "JournalEntry":
    from evals_mcp.client.acting import acting

    async with _client(source) as client:
        try:
            with acting(_TOOL, actor=actor_of(os.environ)):
                return await client.journal.undo(write, confirm=yes)
        except Invalid as error:
            if error.location[-1:] != ("confirm",):
                raise
            raise Invalid(str(error).removeprefix("query.confirm: ").replace("`confirm=true`", "--yes")) from None


def _client(source: str | None) -> "EvalsClient":
    from evals_mcp.wiring import build_client

    settings = settings_at(source, os.environ)
    require_database(settings)
    return build_client(settings)


def _cells(entry: "JournalEntry") -> list[str]:
    from evals_mcp.answers.journal import rows_of_write, write_state, written

    through = entry.tool or entry.route or ""
    cells = [entry.actor or "", through, entry.kind, written(entry), rows_of_write(entry), write_state(entry), entry.id]
    return [f"{entry.created_at:%Y-%m-%d %H:%M:%SZ}", *(visible(cell) or "-" for cell in cells)]
