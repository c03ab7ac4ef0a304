"""`evals-mcp backup`: write a backup of a database while servers use it."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals_mcp.cli.arguments import add_served_database, database_of
from evals_mcp.models.sizes import size_words


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("backup", help="write a backup while servers go on: evals-mcp backup FILE")
    command.add_argument("to", metavar="PATH", help="a new file (PostgreSQL: a new folder), or a folder for dated ones")
    command.add_argument("--force", action="store_true", help="replace what is there, once the new backup is whole")
    command.add_argument("--keep", type=int, metavar="N", help="in a folder: delete all but the N newest backups")
    command.add_argument(
        "--workspace", metavar="NAME", action="append", default=[], help="PostgreSQL: only this one; repeatable"
    )
    add_served_database(command)
    command.set_defaults(command=_back_up)


def _back_up(parsed: argparse.Namespace) -> int:
    from evals_mcp.store.database.addresses import database_url

    address, now = database_of(parsed, takes_workspace=False), datetime.now(UTC)
    to = Path(parsed.to).expanduser().absolute()
    url = database_url(address)
    if url.get_backend_name() == "sqlite":
        return _back_up_file(parsed, Path(url.database or ""), to, now)
    return _back_up_workspaces(parsed, address, url.database or "evals", to, now)


def _back_up_workspaces(parsed: argparse.Namespace, address: str, database: str, to: Path, now: datetime) -> int:
    from evals_mcp.keeping.dated_backups import delete_older, holds_backups, require_keep, write_dated
    from evals_mcp.keeping.manifests import Manifest
    from evals_mcp.keeping.postgresql_backup import back_up_workspaces
    from evals_mcp.keeping.workspaces import workspace_in

    require_keep(parsed.keep, to)
    in_address = workspace_in(address)
    names = parsed.workspace or ([in_address] if in_address else [])
    stem = "-".join([database, *names])

    def write(path: Path, *, force: bool = False) -> Manifest:
        return back_up_workspaces(address, path, now, names, force=force, tell=_say)

    path, manifest = write_dated(write, to, stem, now) if holds_backups(to) else (to, write(to, force=parsed.force))
    for item in manifest.workspaces:
        print(f"{item.name}\t{item.counts['evaluations']:,} evaluations\t{item.counts['logs']:,} logs")
    print(f"Wrote {path}. Restore it with: evals-mcp restore {path}", file=sys.stderr)
    _tell_deleted([] if parsed.keep is None else delete_older(path, stem, parsed.keep))
    return 0


def _back_up_file(parsed: argparse.Namespace, database: Path, to: Path, now: datetime) -> int:
    from evals_mcp.keeping.dated_backups import require_keep
    from evals_mcp.keeping.sqlite_backup import back_up_file

    require_keep(parsed.keep, to)
    done = back_up_file(database, to, now, force=parsed.force, keep=parsed.keep)
    print(done.path)
    print(
        f"Wrote {size_words(done.checkup.size)} with {done.checkup.evaluations:,} evaluations, and checked it. "
        f"Restore it with: evals-mcp restore {done.path}",
        file=sys.stderr,
    )
    _tell_deleted(done.removed)
    return 0


def _tell_deleted(older: list[Path]) -> None:
    for path in older:
        print(f"Deleted {path.name}.", file=sys.stderr)


def _say(name: str) -> None:
    print(f"Backing up {name} …", file=sys.stderr)
