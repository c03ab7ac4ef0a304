"""Back up a SQLite database to a file, and put such a file in a database's place."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from evals_mcp.errors import Conflict, EvalsError, Unavailable
from evals_mcp.keeping.checksums import add_checksum, has_changed_bytes
from evals_mcp.keeping.control_rows import names_of_working
from evals_mcp.keeping.dated_backups import delete_older, write_dated
from evals_mcp.keeping.new_paths import put_in_place, require_free, require_replaceable, temporary_beside
from evals_mcp.keeping.sqlite_copies import copy_database, require_known_keys, require_ours, require_sound
from evals_mcp.store.database.checkup import Checkup
from evals_mcp.store.database.failures import failure_kind, plain_errors
from evals_mcp.store.database.sqlite_file import SqliteFile

_IN_USE = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED))
_MAGIC = b"SQLite format 3\0"
_BESIDE = ("-wal", "-shm", "-journal")
_HELD = ("files", "logs", "evaluations", "api_keys")


class BackedUp(NamedTuple):
    """A backup that was written, and the older ones that were deleted for it."""

    path: Path
    checkup: Checkup
    removed: list[Path]


class Restored(NamedTuple):
    """A database that was restored, where the one before it is kept, and the names of keys that open it."""

    checkup: Checkup
    kept: Path | None
    keys: list[str]


def back_up_file(database: Path, to: Path, now: datetime, *, force: bool = False, keep: int | None = None) -> BackedUp:
    """Write a backup of a database while others use it. In a folder, its name has the time.

    `keep` is how many such backups stay in the folder. Raises Conflict for an existing file, unless `force`;
    Unavailable and Conflict as `copy_database`.
    """
    require_ours(database)
    if not to.is_dir():
        return BackedUp(to, _write(database, to, force=force), [])
    path, checkup = write_dated(partial(_write, database), to, database.stem, now, ".db")
    return BackedUp(path, checkup, [] if keep is None else delete_older(path, database.stem, keep, ".db"))


def _write(database: Path, path: Path, *, force: bool = False) -> Checkup:
    _require_name(path)
    if path.exists() and path.samefile(database):
        raise Conflict(f"{path} is the database itself. Name another file.")
    require_free(path, force=force)
    with temporary_beside(path) as temporary:
        checkup = copy_database(database, temporary)
        add_checksum(temporary)
        put_in_place(temporary, path, force=force)
    return checkup


def restore_file(backup: Path, database: Path, now: datetime, *, replace: bool = False) -> Restored:
    """Put a backup in a database's place. Until the last step the database stays as it is.

    A link stays a link, and what it leads to is replaced. With `replace`, a database with data is kept beside the new
    one. Raises Unavailable for a damaged backup; Conflict for one of another program or a newer evals-mcp, for a
    database with data, and for one that a process has open.
    """
    database = _real_path(database)
    _require_name(database)
    _require_backup(backup)
    if database.exists() and database.samefile(backup):
        raise Conflict(f"{backup} is the database itself. Name another file.")
    is_empty = not _has_data(database)
    kept = database.with_name(f"{database.name}.before-{now:%Y%m%dT%H%M%SZ}")
    if not is_empty and not replace:
        raise Conflict(
            f"The database {database} has data. It was not changed. Restore to another file, or add --replace: then "
            f"it is kept as {kept.name}."
        )
    database.parent.mkdir(parents=True, exist_ok=True)
    with temporary_beside(database) as temporary:
        with _damage_of(backup):
            checkup = copy_database(backup, temporary)
        with _alone_with(database):
            if database.exists():
                shutil.copymode(database, temporary)
                _keep(database, kept)
            _move_logs(database, kept)
            put_in_place(temporary, database, force=True)
    if is_empty:
        kept.unlink(missing_ok=True)
    return Restored(checkup, None if is_empty else kept, _working_keys(database, now))


def _require_name(path: Path) -> None:
    if path.name.endswith(_BESIDE):
        raise Conflict(f"{path} has an ending of SQLite's own, for what is beside a database. Name another file.")


def _require_backup(backup: Path) -> None:
    """Raise Unavailable for a damaged backup, and Conflict for one of another program or a newer evals-mcp."""
    with _damage_of(backup):
        if backup.is_file() and has_changed_bytes(backup):
            raise Unavailable(_DAMAGED.format(backup))
        require_ours(backup)
        require_sound(backup, f"The backup {backup}")
        require_known_keys(backup, f"The backup {backup}")


@contextmanager
def _damage_of(backup: Path) -> Iterator[None]:
    """Say of a damaged file that it is this backup: whoever restores one needs another, and not `a backup`."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"The backup {backup} cannot be read: {error.strerror}. Nothing was changed.") from error
    except Unavailable as error:
        cause = error.__cause__ if isinstance(error.__cause__, EvalsError) else error
        if failure_kind(cause) != "damaged":
            raise
        raise Unavailable((_NO_DATABASE if _is_unreadable(backup) else _DAMAGED).format(backup)) from error


_DAMAGED = "The backup {} is damaged. Nothing was changed. Restore another one."
_NO_DATABASE = "The backup {} is damaged or not a SQLite database. Nothing was changed. Restore another one."


def _real_path(database: Path) -> Path:
    """Where a database is, behind links, as SQLite finds it. Raises Unavailable for links in a circle."""
    with suppress(OSError, RuntimeError):  # before Python 3.13, a circle of links is an error
        found = database.resolve()
        if not found.is_symlink():
            return found
    raise Unavailable(f"The database {database} cannot be reached: its links lead nowhere.")


def _has_data(database: Path) -> bool:
    """Whether a file holds anything: rows of ours, another program's tables, or what cannot be read."""
    if not os.path.lexists(database):
        return False
    if database.is_dir():
        raise Unavailable(f"The database {database} is a folder. Name a file.")
    require_replaceable(database)
    if database.stat().st_size == 0:
        return False
    if _is_unreadable(database):
        return True
    try:
        with plain_errors(), closing(SqliteFile(database, read_only=True).connect()) as connection:
            names = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not names & set(_HELD):
                return bool(names)
            held = (f"SELECT 1 FROM {name} LIMIT 1" for name in _HELD if name in names)  # noqa: S608 - names of ours
            return any(connection.execute(statement).fetchone() for statement in held)
    except Unavailable:
        return True


@contextmanager
def _alone_with(database: Path) -> Iterator[None]:
    """Keep all others out of a database, with its log emptied into it. Raises Conflict if somebody has it open.

    Nobody can read one that is damaged from its start, and to open it would delete its log.
    """
    if not database.exists() or database.stat().st_size == 0 or _is_unreadable(database):
        yield
        return
    connection = sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, timeout=1, isolation_level=None)
    with closing(connection):
        try:
            connection.execute("PRAGMA journal_mode=DELETE").close()
            connection.execute("BEGIN EXCLUSIVE").close()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in _IN_USE:
                raise Conflict(
                    f"The database {database} is in use. It was not changed. Stop the servers and assistants that "
                    "have it open, then restore again."
                ) from error
        if os.name == "nt":  # which renames no file that is open
            connection.close()
        yield


def _is_unreadable(database: Path) -> bool:
    """Whether a file is no database of SQLite. To ask SQLite would delete the log beside it."""
    with database.open("rb") as file:  # this process holds no lock that closing the file could drop
        return file.read(len(_MAGIC)) != _MAGIC


def _keep(database: Path, kept: Path) -> None:
    """Give a database a second name, so that it is never without one."""
    if os.path.lexists(kept):
        raise Conflict(f"{kept} already exists. Nothing was changed. Repeat the command.")
    try:
        os.link(database, kept)
    except OSError:  # a file system without links
        shutil.copy2(database, kept)


def _move_logs(database: Path, kept: Path) -> None:
    """Move what a damaged or deleted database left beside it: SQLite would take it for that of the new one."""
    for ending in _BESIDE:
        with suppress(FileNotFoundError):
            os.replace(f"{database}{ending}", f"{kept}{ending}")


def _working_keys(database: Path, now: datetime) -> list[str]:
    with plain_errors(), closing(SqliteFile(database, read_only=True).connect()) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'api_keys'").fetchone() is None:
            return []
        rows = connection.execute("SELECT * FROM api_keys ORDER BY created_at")
        names = [column[0] for column in rows.description]
        return names_of_working((dict(zip(names, row, strict=True)) for row in rows), now)
