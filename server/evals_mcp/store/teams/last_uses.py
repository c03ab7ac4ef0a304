"""When keys were used last: written beside the requests, at most once a minute for each key."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Lock

from evals_mcp.errors import EvalsError
from evals_mcp.store.database.database import Database
from evals_mcp.store.teams.api_keys import write_last_uses

_LOGGER = logging.getLogger(__name__)
SECONDS_BETWEEN = 60.0
"""A use so soon after one that was noted is not noted."""


class LastUses:
    """Notes uses of keys without letting anybody wait. What cannot be written is left out; nothing fails by it."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._noted: dict[str, float] = {}
        self._waiting: dict[str, datetime] = {}
        self._lock = Lock()
        self._writer: ThreadPoolExecutor | None = None

    def note(self, key_id: str) -> None:
        """Note that a key is used now."""
        now = self._clock()
        noted = self._noted.get(key_id)
        if noted is not None and now - noted < SECONDS_BETWEEN:
            return
        self._noted[key_id] = now
        if not self._database.may_write:
            return
        with self._lock:
            self._waiting[key_id] = self._database.now()
            if self._writer is None:
                self._writer = ThreadPoolExecutor(1, "last-uses")
            self._writer.submit(self._write)

    def finish(self) -> None:
        """Wait until what was noted is written, or cannot be. The next use begins again."""
        with self._lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.shutdown()

    def _write(self) -> None:
        with self._lock:
            uses, self._waiting = self._waiting, {}
        if not uses:
            return
        try:
            with self._database.write() as connection:
                write_last_uses(connection, uses)
        except EvalsError as error:
            _LOGGER.warning("The last use of keys could not be noted: %s", error)
        except Exception:
            _LOGGER.exception("The last use of keys could not be noted")
