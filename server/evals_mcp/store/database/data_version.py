"""A number that tells whether a SQLite file has changed, whoever changed it; reading it costs microseconds."""

import sqlite3
from threading import Lock


class DataVersion:
    """Watches a file over a connection of its own, which never writes."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def read(self) -> int | None:
        """A number that differs from the one before if anything was committed since; None if it cannot be told.

        Source: https://www.sqlite.org/pragma.html#pragma_data_version
        """
        with self._lock:
            try:
                if self._connection is None:
                    # Nobody may wait for a number that only saves work, so a busy file is one that cannot be told.
                    self._connection = sqlite3.connect(self._path, timeout=0, check_same_thread=False)
                return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.Error:
                return None

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
