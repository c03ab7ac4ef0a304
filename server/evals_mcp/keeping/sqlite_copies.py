"""A consistent copy of a SQLite database while others write it, checked before anybody gets it."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from evals_mcp.errors import Conflict, EvalsError, Unavailable
from evals_mcp.keeping.new_paths import NOTHING_CHANGED
from evals_mcp.store.database.checkup import Checkup, check_up
from evals_mcp.store.database.failures import plain_errors
from evals_mcp.store.database.opening import WORKSPACE, revisions
from evals_mcp.store.database.sqlite_file import SqliteFile
from evals_mcp.store.teams.control import CONTROL

_NOT_WRITTEN = frozenset((sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN))
_STEPS_A_LOOK = 1_000_000


def copy_database(source: Path, copy: Path) -> Checkup:
    """Write one state of a database to a new file, with all that was committed before, and check the new file.

    Writers go on. The copy has the file mode of the source. Raises Unavailable if the source is damaged or the copy
    cannot be written, and Conflict for a database that another program or a newer evals-mcp wrote.
    """
    require_ours(source)
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    file = SqliteFile(source)
    with plain_errors(), closing(file.connect()) as connection:
        connection.set_progress_handler(lambda: 0, _STEPS_A_LOOK)  # lets Ctrl-C in
        try:
            connection.execute("VACUUM INTO ?", (str(copy),)).close()
        except sqlite3.OperationalError as error:
            code = error.sqlite_errorcode & 0xFF
            if code == sqlite3.SQLITE_INTERRUPT:
                raise KeyboardInterrupt from error
            if code in _NOT_WRITTEN:
                raise Unavailable(
                    f"The copy of {source} cannot be written: the disk is full or reports an error. {NOTHING_CHANGED}"
                ) from error
            raise
    shutil.copymode(source, copy)
    return require_sound(copy, f"The copy of {source}")


def require_ours(path: Path) -> None:
    """Raise Conflict unless a file is a database of ours, as far as its tables tell, and Unavailable without one."""
    if not path.exists():
        raise Unavailable(f"There is no database {path}.")
    with plain_errors():
        contents = SqliteFile(path, read_only=True).look(WORKSPACE.version_table)
    if contents is None or not contents.tables:
        raise Unavailable(f"The database {path} is empty.")
    if not contents.tables >= WORKSPACE.own_tables:
        raise Conflict(f"{path} belongs to another program. It was not changed.")


def require_sound(path: Path, name: str) -> Checkup:
    """What is in a database file. Raises Unavailable if it is damaged or has no tables, and Conflict as `check_up`."""
    try:
        checkup = check_up(str(path))
    except EvalsError as error:
        raise type(error)(f"{name}: {error}") from error
    if checkup.problems:
        raise Unavailable(f"{name} is damaged: {checkup.problems[0]}. Nothing was changed.")
    if checkup.revision is None:
        raise Unavailable(f"{name} has no tables of evals-mcp.")
    return checkup


def require_known_keys(path: Path, name: str) -> None:
    """Raise Conflict if a newer evals-mcp wrote the keys of a database, which `require_sound` does not look at."""
    with plain_errors():
        contents = SqliteFile(path, read_only=True).look(CONTROL.version_table)
    revision, known = contents and contents.revision, revisions(CONTROL)
    if revision is not None and revision not in known:
        raise Conflict(f"{name}: A newer version of evals-mcp wrote its keys (schema {revision}, here {known[-1]}).")
