"""`evals-mcp restore`: put a backup in the place of a database, or workspaces into one."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals_mcp.cli.arguments import add_served_database, database_of
from evals_mcp.cli.printing import visible
from evals_mcp.errors import Invalid


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("restore", help="restore a backup: evals-mcp restore FILE")
    command.add_argument("backup", metavar="PATH", help="what `evals-mcp backup` wrote")
    command.add_argument("--replace", action="store_true", help="SQLite: replace a database with data, and keep it")
    command.add_argument(
        "--workspace", metavar="NAME", action="append", default=[], help="PostgreSQL: only this one; repeatable"
    )
    command.add_argument("--as", metavar="NAME", dest="as_name", help="PostgreSQL: a new name for the one workspace")
    command.add_argument("--without-keys", action="store_true", help="PostgreSQL: restore no API keys")
    add_served_database(command)
    command.set_defaults(command=_restore)


def _restore(parsed: argparse.Namespace) -> int:
    from evals_mcp.store.database.addresses import database_url

    address = database_of(parsed, takes_workspace=False)
    backup = Path(parsed.backup).expanduser().absolute()
    url = database_url(address)
    if url.get_backend_name() == "sqlite":
        if backup.is_dir():
            raise Invalid(f"{visible(str(backup))} is a folder, as a backup of PostgreSQL is: name a --database there.")
        if parsed.workspace or parsed.as_name or parsed.without_keys:
            raise Invalid("--workspace, --as and --without-keys are for PostgreSQL.")
        return _restore_file(backup, Path(url.database or ""), replace=parsed.replace)
    if parsed.replace:
        raise Invalid("--replace is for SQLite files. On PostgreSQL, restore under another name with --as.")
    from evals_mcp.keeping.postgresql_restore import restore_workspaces

    restored = restore_workspaces(
        backup, address, parsed.workspace, parsed.as_name, with_keys=not parsed.without_keys, tell=_say
    )
    for item in restored:
        print(f"{item.name}\t{item.counts['evaluations']:,} evaluations\t{item.counts['logs']:,} logs")
        _tell_keys(item.keys, f"workspace {item.name}")
        if not item.keys:
            print(f"No key opens it: `evals-mcp keys create NAME --workspace {item.name}`.", file=sys.stderr)
        if item.other_keys:
            listed = ", ".join(map(visible, item.other_keys))
            print(
                f"These keys open another workspace here, as it was renamed since, and go on to: {listed}.",
                file=sys.stderr,
            )
        if item.left_out:
            listed = ", ".join(map(visible, item.left_out))
            print(f"Not restored, as no workspace of evals-mcp has these tables: {listed}.", file=sys.stderr)
    return 0


def _restore_file(backup: Path, database: Path, *, replace: bool) -> int:
    from evals_mcp.keeping.sqlite_backup import restore_file

    done = restore_file(backup, database, datetime.now(UTC), replace=replace)
    print(f"Restored {database}: {done.checkup.evaluations:,} evaluations.")
    if done.kept is not None:
        print(f"The database that was there is {done.kept}. Delete it when you no longer need it.", file=sys.stderr)
    _tell_keys(done.keys, "the database")
    return 0


def _tell_keys(names: Sequence[str], what: str) -> None:
    """Say that keys are as they were, because one that was revoked since then opens the data again."""
    if names:
        listed = ", ".join(visible(name) for name in names)
        print(
            f"These keys open {what}, as when the backup was made: {listed}. Revoke again what you revoked since.",
            file=sys.stderr,
        )


def _say(name: str) -> None:
    print(f"Restoring {name} …", file=sys.stderr)
