"""The workspace that a command is for, and what its database does with the space of deleted rows."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import text

from evals_mcp.errors import Invalid
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.failures import plain_errors
from evals_mcp.store.database.states import is_missing
from evals_mcp.store.database.tables import metadata
from evals_mcp.store.store import Store
from evals_mcp.store.teams.control import Control, open_control


class OpenWorkspace(NamedTuple):
    """An open workspace, with the teams' tables of its database."""

    control: Control
    name: str
    store: Store


@contextmanager
def opened_workspace(address: str, name: str | None) -> Iterator[OpenWorkspace]:
    """Open a workspace: a SQLite file that exists, or one of a PostgreSQL database, by name or by its address.

    Raises Invalid, NotFound, Unavailable and Conflict.
    """
    if is_missing(address):
        raise Invalid(f"There is no database {address}.")
    with closing(open_control(address)) as control:
        workspace = control.workspace(name or workspace_in(address))
        yield OpenWorkspace(control, workspace.name, control.open(workspace))


def workspace_in(address: str) -> str | None:
    """The workspace that an address of PostgreSQL names as `?workspace=NAME`."""
    is_url = re.match(r"postgres\w*(\+\w+)?://", address, re.IGNORECASE)
    return parse_qs(urlsplit(address).query).get("workspace", [None])[-1] if is_url else None


def free_bytes(database: Database) -> int | None:
    """The bytes inside a SQLite file that new rows will use; None on PostgreSQL."""
    if not database.is_sqlite:
        return None
    with database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def compact(database: Database) -> None:
    """Give the space of deleted rows back to the disk. On SQLite nobody else can write while it runs.

    Raises Unavailable if others keep a SQLite file busy. PostgreSQL makes the space free for new rows of the tables,
    and others go on.
    """
    if database.file is not None:
        with plain_errors(), closing(database.file.connect()) as connection:
            connection.execute("VACUUM").close()
        return
    vacuum_tables(database)


def vacuum_tables(database: Database) -> None:
    """Let PostgreSQL clear the rows that were deleted or replaced. Others go on."""
    with plain_errors(), database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        for table in metadata.sorted_tables:
            connection.execute(text(f'VACUUM "{database.schema}"."{table.name}"'))


def empty_log(database: Database) -> bool:
    """Empty the write-ahead log of a SQLite file, so that it holds no row that was deleted. False if others read it."""
    if database.file is None:
        return True
    with plain_errors(), closing(database.file.connect()) as connection:
        try:
            return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError:
            return False
