"""Whether a database is sound: integrity, size, version. Creates, upgrades and changes nothing."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from evals_mcp.errors import Conflict
from evals_mcp.store.database.addresses import database_url
from evals_mcp.store.database.database import create_database
from evals_mcp.store.database.failures import plain_errors
from evals_mcp.store.database.opening import WORKSPACE, revisions
from evals_mcp.store.database.sqlite_file import APPLICATION_ID, SqliteFile

FOREIGN = "It belongs to another program."
_MOST_PROBLEMS = 3
_FULLY_CHECKED = 500 * 2**20
"""Bytes of a file whose indexes are compared with their tables, too; that takes seconds for a larger one."""


class Checkup(NamedTuple):
    """What is known of a database. `revision` and `evaluations` are None where there are no tables of ours.

    `problems` are SQLite's words for what is damaged. `server` is the version of PostgreSQL.
    """

    size: int
    revision: str | None
    newest: str
    evaluations: int | None = None
    problems: tuple[str, ...] = ()
    server: str = ""


def check_up(address: str, schema: str | None = None) -> Checkup:
    """Check a database that exists; of a PostgreSQL database, the tables in a schema, by default `public`.

    Raises Unavailable if it cannot be read, and Conflict if another program or a newer evals-mcp wrote it.
    """
    url = database_url(address)
    if url.get_backend_name() == "sqlite":
        return _check_file(SqliteFile(Path(url.database or ""), read_only=True))
    with plain_errors():
        return _check_server(address, schema or "public")


def _check_file(file: SqliteFile) -> Checkup:
    size = sum(os.path.getsize(name) for name in (file.path, f"{file.path}-wal") if os.path.exists(name))
    known = revisions(WORKSPACE)
    with plain_errors():
        contents = file.look(WORKSPACE.version_table)
        if contents is None or not contents.tables:
            return Checkup(size, None, known[-1])
        if contents.application_id not in (0, APPLICATION_ID) or not contents.tables >= WORKSPACE.own_tables:
            raise Conflict(FOREIGN)
        if contents.revision not in known:
            raise Conflict(f"A newer version of evals-mcp wrote it (schema {contents.revision}, here {known[-1]}).")
        with closing(file.connect()) as connection:
            problems = _problems(connection, "integrity" if size <= _FULLY_CHECKED else "quick")
            evaluations = None if problems else connection.execute("SELECT count(*) FROM evaluations").fetchone()[0]
    return Checkup(size, contents.revision, known[-1], evaluations, problems)


def _problems(connection: sqlite3.Connection, check: str) -> tuple[str, ...]:
    try:
        rows = [str(row[0]) for row in connection.execute(f"PRAGMA {check}_check({_MOST_PROBLEMS})")]
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        return (str(error),)
    return () if rows == ["ok"] else tuple(" ".join(row.split()) for row in rows)


def _check_server(address: str, schema: str) -> Checkup:
    database = create_database(address)
    try:
        with database.read() as connection:
            version = str(connection.execute(text("SHOW server_version")).scalar())
            size = int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar() or 0)
            table = f'"{schema}".alembic_version'
            found = connection.execute(text("SELECT to_regclass(:table)"), {"table": table}).scalar()
            revision = connection.execute(text(f"SELECT version_num FROM {table}")).scalar() if found else None  # noqa: S608
    finally:
        database.close()
    known = revisions(WORKSPACE)
    if revision is not None and revision not in known:
        raise Conflict(f"A newer version of evals-mcp wrote it (schema {revision}, here {known[-1]}).")
    return Checkup(size, revision, known[-1], server=version)
