"""What can be told of a database without opening it: its address without secrets, and whether its file exists."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from evals_mcp.errors import EvalsError
from evals_mcp.models.setup import DatabaseState
from evals_mcp.store.database.addresses import database_url
from evals_mcp.store.database.sqlite_file import APPLICATION_ID, SqliteFile, has_long_name
from evals_mcp.variables import split_workspace

_MOST_LOOKED_AT = 50


def database_state(address: str, *, is_default: bool) -> DatabaseState:
    """Look at a database. Creates and changes nothing. Raises Invalid for an invalid address."""
    url = database_url(address)
    if url.get_backend_name() != "sqlite":
        port = f":{url.port}" if url.port else ""
        workspace = split_workspace(address)[1]
        named = "" if workspace is None else f"?workspace={workspace}"
        return DatabaseState(f"postgresql://{url.host or ''}{port}/{url.database or ''}{named}")
    path = Path(url.database or "")
    if os.path.exists(path):
        return DatabaseState(str(path), is_default, others=list(_others(path)))
    is_there = os.path.isdir(path.parent)
    return DatabaseState(str(path), is_default, "file" if is_there else "folder", list(_others(path)))


def creatable(address: str) -> bool:
    """Whether an address names a file that does not exist and can be created, as far as can be told without a try."""
    url = database_url(address)
    if url.get_backend_name() != "sqlite" or url.query:
        return False
    path = Path(url.database or "")
    existing = next((folder for folder in path.parents if os.path.lexists(folder)), path)
    is_possible = os.path.isdir(existing) and os.access(existing, os.W_OK | os.X_OK)
    return is_possible and not os.path.lexists(path) and not has_long_name(path)


def is_missing(address: str) -> bool:
    """Whether an address names a file that does not exist, as far as can be told. Raises Invalid for an address."""
    url = database_url(address)
    if url.get_backend_name() != "sqlite":
        return False
    try:
        os.stat(url.database or "")
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # to open it tells why
    return False


def _others(path: Path) -> Iterator[str]:
    """The names of our other databases in the folder that have evaluations."""
    try:
        files = sorted(file for file in path.parent.glob("*.db") if file.name != path.name and file.is_file())
    except OSError:
        return
    yield from (file.name for file in files[:_MOST_LOOKED_AT] if _has_evaluations(file))


def _has_evaluations(path: Path) -> bool:
    file = SqliteFile(path, read_only=True)
    try:
        contents = file.look("alembic_version")
        if contents is None or contents.application_id != APPLICATION_ID:
            return False
        with closing(file.connect()) as connection:
            return connection.execute("SELECT 1 FROM evaluations LIMIT 1").fetchone() is not None
    except (EvalsError, OSError, sqlite3.Error):
        return False
