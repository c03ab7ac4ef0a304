"""Back up workspaces of PostgreSQL: one consistent dump of each, as PostgreSQL's documentation has it."""

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.engine import URL

from evals_mcp import __version__
from evals_mcp.errors import Conflict, EvalsError, Invalid, NotFound
from evals_mcp.keeping.control_rows import name_of, read_rows
from evals_mcp.keeping.manifests import NAME as MANIFEST
from evals_mcp.keeping.manifests import DumpedWorkspace, Manifest, file_digest, write_manifest
from evals_mcp.keeping.new_paths import put_in_place, require_free, temporary_beside
from evals_mcp.keeping.postgresql_programs import Program, connection_arguments, find_program
from evals_mcp.store.database.addresses import database_url
from evals_mcp.store.database.database import Database, create_database
from evals_mcp.store.database.opening import WORKSPACE, has_tables, revisions
from evals_mcp.store.database.tables import metadata
from evals_mcp.store.teams.control import CONTROL, open_control
from evals_mcp.store.teams.control_tables import CONTROL_SCHEMA

_NO_WORKSPACES = "This database has no workspaces. `evals-mcp workspaces create NAME` makes one."
_LOCK_SECONDS = 60
"""How long `pg_dump` waits for a table. Who is to change one waits for the transaction here, which waits for `pg_dump`,
and that for whoever came before it: nothing else would end this."""

Tell = Callable[[str], object]
"""Called with the name of each workspace before it is dumped."""


def back_up_workspaces(
    address: str, to: Path, now: datetime, names: Sequence[str] = (), *, force: bool = False, tell: Tell = str
) -> Manifest:
    """Write a folder with a dump of each workspace (of all, without `names`), while others use them.

    One that is removed meanwhile is left out, unless it is named; one that is renamed has the name that it had when it
    was dumped.

    Raises Conflict for an existing folder, unless `force` and it is a backup; NotFound for an unknown workspace; and
    Unavailable where `pg_dump` is missing or too old, if the folder cannot be written, or while a table is locked.
    """
    if force and os.path.lexists(to) and not (to / MANIFEST).is_file():
        raise Conflict(f"{to} is no backup, so --force does not replace it. Choose another name.")
    require_free(to, force=force)
    url = database_url(address)
    with closing(create_database(address, CONTROL_SCHEMA)) as database:
        is_empty = not has_tables(database, CONTROL)  # to open them would create them
    if is_empty:
        raise Invalid(_NO_WORKSPACES)
    with closing(open_control(address)) as control:
        chosen = [control.workspace(name) for name in dict.fromkeys(names)] or control.workspaces()
        if not chosen:
            raise Invalid(_NO_WORKSPACES)
        with control.database.read() as connection:
            server = str(connection.execute(text("SHOW server_version")).scalar())
        program = find_program("pg_dump", int(server.split(".")[0].split(" ")[0]), url)
        with temporary_beside(to) as folder:
            folder.mkdir(mode=0o700)
            dumped: list[DumpedWorkspace] = []
            for workspace in chosen:
                tell(workspace.name)
                item = _dump_if_there(control.database, str(workspace.schema), program, url, folder)
                if item is not None:
                    dumped.append(item)
                elif names:
                    raise NotFound(f"Workspace `{workspace.name}` was removed meanwhile. Nothing was written.")
            if not dumped:
                raise Invalid(_NO_WORKSPACES)
            for left in {path.name for path in folder.iterdir()} - {item.dump for item in dumped}:
                (folder / left).unlink()  # begun for a workspace that was removed
            manifest = Manifest(
                made_by=f"evals-mcp {__version__}",
                made_at=now,
                server=server,
                pg_dump=program.major,
                control_revision=revisions(CONTROL)[-1],
                workspaces=dumped,
            )
            write_manifest(folder, manifest)
            put_in_place(folder, to, force=force)
    return manifest


def _dump_if_there(control: Database, schema: str, program: Program, url: URL, folder: Path) -> DumpedWorkspace | None:
    """Dump one workspace; None if it is not there any more, since or while it is dumped."""
    try:
        return _dump(control, schema, program, url, folder)
    except EvalsError:
        with control.read() as connection:
            if name_of(connection, schema) is not None:
                raise
        return None


def _dump(control: Database, schema: str, program: Program, url: URL, folder: Path) -> DumpedWorkspace | None:
    """Dump one workspace. Its name, its keys and the numbers of its rows are those of the snapshot that is dumped."""
    with Database(control.engine, schema).read() as connection:
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        name = name_of(connection, schema)
        if name is None:
            return None
        path = folder / f"{name}.dump"
        if path.exists():
            raise Conflict(
                "Workspaces were renamed while they were backed up. Nothing was written. Repeat the command."
            )
        revision = str(connection.execute(text(f'SELECT version_num FROM "{schema}".alembic_version')).scalar_one())  # noqa: S608
        if revision not in revisions(WORKSPACE):
            raise Conflict(f"A newer version of evals-mcp wrote workspace `{name}`. Back it up with that version.")
        counts = count_rows(connection, schema)
        rows = read_rows(connection, name)
        program.run(
            [
                "--format=custom",
                "--encoding=UTF8",
                f'--schema="{schema}"',
                f'--exclude-table="{schema}".query_*',
                "--no-owner",
                "--no-privileges",
                f"--snapshot={snapshot}",
                f"--lock-wait-timeout={_LOCK_SECONDS * 1_000}",
                f"--file={path}",
                *connection_arguments(url),
            ]
        )
    path.chmod(0o600)
    return DumpedWorkspace(
        name=name,
        db_schema=schema,
        dump=path.name,
        sha256=file_digest(path),
        revision=revision,
        counts=counts,
        control=rows,
    )


def count_rows(connection: Connection, schema: str) -> dict[str, int]:
    """The rows of each table of a workspace that is there."""
    there = set(inspect(connection).get_table_names(schema=schema))
    tables = [table for table in metadata.sorted_tables if table.name in there]
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}
