"""Restore workspaces to PostgreSQL: each in one transaction, under its own name or another."""

import re
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from evals_mcp.errors import Conflict, Invalid, NotFound, Unavailable
from evals_mcp.keeping.control_rows import KEYS, free_schema, keys_there, names_of_working, require_rows, store_rows
from evals_mcp.keeping.dump_rows import read_rows
from evals_mcp.keeping.manifests import DumpedWorkspace, Manifest, file_digest, read_manifest
from evals_mcp.keeping.postgresql_backup import count_rows
from evals_mcp.keeping.postgresql_programs import Program, find_program
from evals_mcp.keeping.restored_tables import tables_to_fill
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.opening import WORKSPACE, revisions
from evals_mcp.store.teams.control import CONTROL, Control, open_control

Tell = Callable[[str], object]
"""Called with the name of each workspace before it is restored."""

_NAME = re.compile(r"[a-z0-9_]{1,40}")


class RestoredWorkspace(NamedTuple):
    """A workspace that was restored: its name now, its rows by table, and the names of the keys that open it.

    `other_keys` are keys of the backup that open another workspace of the database, as it was renamed since. They go on
    to open that one. `left_out` are tables of the backup that no workspace has.
    """

    name: str
    counts: dict[str, int]
    keys: list[str]
    other_keys: list[str]
    left_out: list[str]


def restore_workspaces(
    backup: Path,
    address: str,
    names: Sequence[str] = (),
    as_name: str | None = None,
    *,
    with_keys: bool = True,
    tell: Tell = str,
) -> list[RestoredWorkspace]:
    """Restore workspaces of a backup (all, without `names`) to a database that has none of these names.

    With `as_name`, the one workspace gets this name, and no keys: they open the one that they were made for. A
    workspace is restored whole or not at all. Raises Unavailable for a damaged backup; Conflict for a newer one and
    for a name that is taken; NotFound for a workspace that the backup lacks.
    """
    manifest = read_manifest(backup)
    chosen = _choose(manifest, names)
    targets = [(item, as_name or item.name) for item in chosen]
    if as_name is not None and (len(targets) > 1 or not _NAME.fullmatch(as_name)):
        raise Invalid("--as takes a new name of 1 to 40 lower-case letters, digits and `_`, for one --workspace.")
    _refuse_newer(manifest, chosen, backup)
    for item in chosen:
        require_rows(item.control, item.name)
        _require_whole(backup / item.dump, item)
    program = find_program("pg_restore", manifest.pg_dump)
    with closing(open_control(address)) as control:
        for _, name in targets:
            _require_free(control, name)
        return [
            _restore(control, program, backup, item, name, with_keys=with_keys and name == item.name, tell=tell)
            for item, name in targets
        ]


def _choose(manifest: Manifest, names: Sequence[str]) -> list[DumpedWorkspace]:
    there = {item.name: item for item in manifest.workspaces}
    for name in names:
        if name not in there:
            raise NotFound(f"The backup has no workspace `{name}`. Workspaces: {', '.join(there)}.")
    return [there[name] for name in dict.fromkeys(names)] or manifest.workspaces


def _refuse_newer(manifest: Manifest, chosen: Sequence[DumpedWorkspace], backup: Path) -> None:
    known, of_control = revisions(WORKSPACE), revisions(CONTROL)
    if manifest.control_revision not in of_control or any(item.revision not in known for item in chosen):
        raise Conflict(
            f"A newer version of evals-mcp ({manifest.made_by}) made the backup {backup}. Upgrade evals-mcp, then "
            "restore."
        )


def _require_whole(dump: Path, item: DumpedWorkspace) -> None:
    try:
        is_whole = file_digest(dump) == item.sha256
    except OSError as error:
        raise Unavailable(f"The dump {dump} cannot be read: {error.strerror}.") from error
    if not is_whole:
        raise Unavailable(f"The dump {dump} is damaged: it is not what the backup's manifest says.")


def _require_free(control: Control, name: str) -> None:
    if any(workspace.name == name for workspace in control.workspaces()):
        raise Conflict(
            f"Workspace `{name}` already exists in this database. It was not changed. Restore it under another name "
            "with --as, or to another database."
        )


def _restore(
    control: Control, program: Program, backup: Path, item: DumpedWorkspace, name: str, *, with_keys: bool, tell: Tell
) -> RestoredWorkspace:
    tell(name)
    with control.database.read() as connection:
        schema = free_schema(connection, name)
    with Database(control.database.engine, schema, control.database.now).write() as connection:
        arguments = ["--data-only", "--no-owner", "--no-privileges", "--file=-", str(backup / item.dump)]
        with (
            tables_to_fill(connection, schema, item.revision) as tables,
            program.reading(arguments) as lines,
        ):
            for part in read_rows(lines, item.db_schema):
                tables.load(part)
        counts = count_rows(connection, schema)
        if {table: counts.get(table) for table in item.counts} != item.counts:
            raise Unavailable(f"The dump of workspace `{item.name}` lacks rows. Nothing was restored.")
        found = connection.execute(text(f'SELECT version_num FROM "{schema}".alembic_version')).scalars().all()  # noqa: S608
        if found != [item.revision]:
            raise Unavailable(f"The dump of workspace `{item.name}` is of another revision. Nothing was restored.")
        others = keys_there(connection, item.control) if with_keys else []
        mine = [key for key in item.control.get(KEYS, []) if with_keys and key not in others]
        store_rows(connection, item.control | {KEYS: mine}, name, schema, with_keys=with_keys)
        for table in counts:
            connection.execute(text(f'ANALYZE "{schema}"."{table}"'))
    control.open(control.workspace(name))  # upgrades its tables
    now = control.database.now()
    return RestoredWorkspace(name, counts, names_of_working(mine, now), names_of_working(others, now), tables.left_out)
