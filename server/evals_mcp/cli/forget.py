"""`evals-mcp forget`: find what a person wrote, and anonymise or delete it."""

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from evals_mcp.cli.actor import actor_of
from evals_mcp.cli.arguments import add_served_database, database_of
from evals_mcp.cli.printing import print_rows, visible
from evals_mcp.errors import Invalid

if TYPE_CHECKING:
    from evals_mcp.keeping.people import Found, Way


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("forget", help="show, anonymise or delete what a person wrote")
    command.add_argument("person", metavar="NAME", help="exactly as labels, logs, the journal and keys have it")
    way = command.add_mutually_exclusive_group()
    way.add_argument("--anonymise", action="store_true", help="put a random pseudonym in the place of the name")
    way.add_argument("--delete", action="store_true", help="delete the person's judgments and logs")
    command.add_argument("--keep-logs", action="store_true", help="leave logs whose user has the name; judgments count")
    command.add_argument("--dry-run", action="store_true", help="only show the counts, as without --yes")
    command.add_argument("--yes", action="store_true", help="do it; nothing brings it back")
    command.add_argument("--workspace", metavar="NAME", help="the workspace (PostgreSQL only)")
    add_served_database(command)
    command.set_defaults(command=_forget)


def _forget(parsed: argparse.Namespace) -> int:
    from evals_mcp.keeping.people import forget, look_for
    from evals_mcp.keeping.workspaces import opened_workspace

    chosen = parsed.anonymise or parsed.delete
    if parsed.yes and not chosen:
        raise Invalid("Say how to forget: --anonymise or --delete.")
    with opened_workspace(database_of(parsed), parsed.workspace) as opened:
        if not parsed.yes or parsed.dry_run:
            found = look_for(opened, parsed.person, with_logs=not parsed.keep_logs)
            _show(found)
            how = "--yes" if chosen else "--anonymise or --delete, and --yes"
            print(f"Nothing was changed. To do it, add {how}. Backups keep what they have.", file=sys.stderr)
            return 0
        way: Way = "delete" if parsed.delete else "anonymise"
        done = forget(opened, parsed.person, way, actor_of(os.environ), with_logs=not parsed.keep_logs)
        is_sqlite = opened.store.database.is_sqlite
    _show(done.found)
    how = "Deleted" if done.pseudonym is None else f"The name is {done.pseudonym} from now on"
    print(f"{how}. Restart running servers to end what they keep in memory. Backups keep what they have.")
    if not is_sqlite:
        print(
            "PostgreSQL's files and write-ahead log keep old bytes until their space is used again: docs/keeping.md.",
            file=sys.stderr,
        )
    if not done.is_clean:
        print("Rows may be left in the file's write-ahead log until the programs that read it end.", file=sys.stderr)
    return 0


def _show(found: "Found") -> None:
    rows = (
        ("judgments", found.judgments),
        ("logs whose user it is", found.logs),
        ("logs handed out for review", found.reviews),
        ("entries of the journal", found.entries),
        ("keys", found.keys),
        ("evaluations, runs and versions created", found.created),
        ("keys of others created, rotated or revoked", found.administered),
        ("steps and judgments of others, which --delete takes along", found.others),
    )
    print_rows(("what", "count"), [(what, f"{count:,}") for what, count in rows])
    if found.similar:
        names = ", ".join(map(visible, found.similar))
        print(f"Not counted, other spellings: {names}.", file=sys.stderr)
