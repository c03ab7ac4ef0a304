"""Tells whether any process has changed a SQLite file, in microseconds."""

import sqlite3
from threading import Lock


class DataVersion:
    """Watches a file over a separate connection that never writes."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def read(self) -> int | None:
        """A number that changes with every commit; None if it cannot be read.

        Source: https://www.sqlite.org/pragma.html#pragma_data_version
        """
        with self._lock:
            try:
                if self._connection is None:
                    # This number only saves work, so do not wait for a busy file.
                    self._connection = sqlite3.connect(self._path, timeout=0, check_same_thread=False)
                return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.Error:
                return None

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
