"""A SQLite file: who wrote it, how it is opened, and whether it is still there. No transactions of ours.

Only SQLite opens the file: to close another handle would drop the locks that SQLite holds for this process.
"""

import errno
import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from evals_mcp.errors import Unavailable

APPLICATION_ID = 0x65766D63
"""`PRAGMA application_id` of our files. Files made by version 0.1.0 have 0."""

BUSY_MILLISECONDS = 15_000
_LONGEST_LOG = 8 * 2**20
KEPT_LOG = 4 * 2**20
_GROWTH = 2**20
_SHORT_MILLISECONDS = 250
_WITHOUT_LOCKS = "win32-none" if os.name == "nt" else "unix-none"
"""SQLite's own way to a file that only this process has open. Source: https://www.sqlite.org/vfs.html"""


class Contents(NamedTuple):
    """What a database holds: an application id (0: none), names of tables, and a revision."""

    application_id: int
    tables: frozenset[str]
    revision: str | None


class SqliteFile:
    """A file at a path. `open` remembers which one it is, and from then on `is_same` tells whether it is still there.

    It is read only if `read_only` is set, or if the file or its folder cannot be written.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._name = str(path)
        self._log = f"{path}-wal"
        self._index = f"{path}-shm"
        self._lock = Lock()
        self._watch: sqlite3.Connection | None = None  # keeps the write-ahead log in existence
        self._opened: tuple[object, object] | None = None
        self._is_alone = False
        self._log_size = 0
        self._allowed_log = _LONGEST_LOG

    @property
    def may_write(self) -> bool:
        """Whether the file may be written, as far as its and its folder's permissions tell."""
        if self.read_only:
            return False
        return not os.path.exists(self.path) or (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK))

    def connect(self) -> sqlite3.Connection:
        """Open a connection. Creates the file only before `open`."""
        if not self.may_write:
            return self._connect_to_look()
        return self._connect("mode=rwc" if self._opened is None else "mode=rw")

    def connect_to_read(self) -> sqlite3.Connection:
        """Open a connection that cannot write, after `open`."""
        return self._connect("mode=ro") if self.may_write else self.connect()

    def look(self, version_table: str) -> Contents | None:
        """Read what the file holds without a change to it or to its folder. None if it is empty or does not exist."""
        if os.path.isdir(self.path):
            raise Unavailable(
                f"The database `{self.path}` is a folder. Name a file: set EVALS_MCP_DATABASE or `--database`."
            )
        try:
            if self.path.stat().st_size == 0:
                return None
        except (FileNotFoundError, NotADirectoryError) as error:
            if has_long_name(self.path):
                raise Unavailable("The database file cannot be created: its name is too long.") from error
            return None
        except OSError as error:
            raise Unavailable(f"The database file cannot be read: {error.strerror}. Choose another path.") from error
        try:
            return self._look(version_table)
        except sqlite3.DatabaseError:
            if not _size(self._log):
                raise
            return self._look(version_table)  # another process began to write in the meantime

    def use_wal(self, connection: sqlite3.Connection) -> None:
        """Switch the file to write-ahead logging. SQLite does not wait while another connection writes without it."""
        if not self.may_write:
            return
        give_up = time.monotonic() + BUSY_MILLISECONDS / 1000
        while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            try:
                connection.execute("PRAGMA journal_mode=WAL").close()
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                    raise
            time.sleep(0.01)

    def open(self) -> None:
        """Remember the file that is at the path now."""
        with self._lock:
            if self._watch is None:
                self._is_alone = not self.may_write and not os.path.exists(self._index)
                self._watch = self.connect()
                self.use_wal(self._watch)
            self._watch.execute("PRAGMA data_version").close()
            self._opened = self._identity()

    def is_there(self) -> bool:
        """Whether the path still leads to the file that was opened. Takes a few microseconds."""
        opened = self._opened
        return opened is None or opened[0] == _inode(self._name)

    def is_same(self) -> bool:
        """Whether its write-ahead log is still there, too. Notes the size of the log."""
        opened, found = self._opened, _stat(self._log)
        self._log_size = found.st_size if found else 0
        if opened is None:
            return True
        return self.is_there() and opened[1] == (found and (found.st_dev, found.st_ino)) and not self.gained_log()

    def gained_log(self) -> bool:
        """Whether another process began to write the file, which was opened to read it as it lay on the disk."""
        opened = self._opened
        if opened is None:
            return False
        return (opened[1] is None and os.path.exists(self._log)) or (self._is_alone and os.path.exists(self._index))

    def data_version(self) -> int | None:
        """A number that changes with every commit of any process; None if it cannot be told.

        Source: https://www.sqlite.org/pragma.html#pragma_data_version
        """
        with self._lock:
            if self._watch is None or not self.is_same():
                return None
            try:
                return int(self._watch.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.Error:
                return None

    def shorten_log(self, connection: sqlite3.Connection) -> None:
        """Empty a write-ahead log that `is_same` found long, unless others are busy with it.

        SQLite alone lets it grow while several processes write. The connection must be outside a transaction.
        """
        if self._log_size <= self._allowed_log:
            return
        # Waiting for a long read costs time: after a vain attempt, try again when the log has grown.
        is_empty = _checkpoint(connection) is False
        self._allowed_log = _LONGEST_LOG if is_empty else self._log_size + _GROWTH
        connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}").close()

    def let_go(self) -> bool:
        """Forget a file that was replaced, so that the path can be opened again. False while it is in use.

        What is only in its write-ahead log goes into the file, wherever that is now. Its log must not stay at the path,
        because SQLite would take it for that of the new file.
        """
        with self._lock:
            if self._watch is None or self._opened is None:
                return True
            file, log = self._opened
            is_busy = _checkpoint(self._watch)
            is_in_the_way = log is not None and _inode(self._log) == log and _inode(self._name) != file
            if is_busy or (is_busy is None and is_in_the_way):
                return False
            if is_in_the_way:
                for name in (self._log, self._index):
                    with suppress(OSError):
                        os.unlink(name)
            self._watch.close()
            self._watch = self._opened = None
            return True

    def close(self) -> None:
        """Close the connection that watches, and forget the file."""
        if not self.is_same() and self.let_go():
            return
        with self._lock:
            if self._watch is not None:
                self._watch.close()
            self._watch = self._opened = None

    def _connect(self, query: str) -> sqlite3.Connection:
        uri = f"{self.path.as_uri()}?{query}"
        return sqlite3.connect(
            uri, uri=True, timeout=BUSY_MILLISECONDS / 1000, check_same_thread=False, isolation_level=None
        )

    def _look(self, version_table: str) -> Contents:
        with closing(self._connect_to_look()) as connection:
            return read_contents(connection, version_table)

    def _connect_to_look(self) -> sqlite3.Connection:
        """Open a connection that reads what is there now, and leaves the file and its folder as they are.

        Without an index beside the log nobody has the file open. `gained_log` tells when somebody does.
        """
        if not _size(self._log):
            return self._connect("mode=ro&immutable=1")
        if os.path.exists(self._index):
            return self._connect("mode=ro")
        connection = self._connect(f"mode=ro&vfs={_WITHOUT_LOCKS}")
        connection.execute("PRAGMA locking_mode=EXCLUSIVE").close()  # the log's index is then in memory
        return connection

    def _identity(self) -> tuple[object, object]:
        return _inode(self._name), _inode(self._log)


def read_contents(connection: sqlite3.Connection, version_table: str) -> Contents:
    """What a SQLite database holds."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    # As bytes, because another program's names need not be text.
    rows = connection.execute("SELECT CAST(name AS BLOB) FROM sqlite_master WHERE name NOT LIKE 'sqlite/_%' ESCAPE '/'")
    names = frozenset(name.decode(errors="replace") for (name,) in rows)
    row = None
    if version_table in names:
        with suppress(sqlite3.OperationalError):  # another program's table without such a column
            row = connection.execute(f"SELECT CAST(version_num AS BLOB) FROM {version_table}").fetchone()  # noqa: S608
    return Contents(application_id, names, row[0].decode(errors="replace") if row and row[0] is not None else None)


def has_long_name(path: Path) -> bool:
    """Whether the system takes no file of this name, or no folder of one of the names above it."""
    existing = next((folder for folder in path.parents if os.path.isdir(folder)), path.parent)
    missing = path.relative_to(existing).parts
    names = (*missing, f"{path.name}-journal")
    return _is_too_long(path) or any(_is_too_long(existing / name) for name in names)


def _is_too_long(path: Path) -> bool:
    try:
        os.lstat(path)
    except OSError as error:
        return error.errno == errno.ENAMETOOLONG
    return False


def _checkpoint(connection: sqlite3.Connection) -> bool | None:
    """Empty the write-ahead log into the file. True if others are busy with it, None if it fails."""
    try:
        connection.execute(f"PRAGMA busy_timeout={_SHORT_MILLISECONDS}").close()
        return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
    except sqlite3.Error:
        return None


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def _inode(path: str) -> tuple[int, int] | None:
    found = _stat(path)
    return found and (found.st_dev, found.st_ino)


def _size(path: str) -> int:
    found = _stat(path)
    return found.st_size if found else 0
