"""What a workspace has used of its limits: logs, bytes on the disk, requests a minute. No HTTP.

Counting costs no write more than two looks at the newest logs, and only where there is a limit of logs. Everything else
is looked at every `RENEWED_SECONDS`, with what this process has taken in since.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import NamedTuple

from sqlalchemy import Connection, func, select, text

from evals_mcp.errors import Unavailable
from evals_mcp.models.sizes import size_words
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.minutes import Minutes, OwnMinutes
from evals_mcp.store.database.nodes import is_distributed, node_of
from evals_mcp.store.database.tables import logs

RENEWED_SECONDS = 10.0
"""How old what is known of a workspace's limits, logs and bytes may be."""

_RECOUNTED_SECONDS = 3_600.0
"""How often all logs are counted, and not only the new ones: deleted ones are then noticed. At the limit, sooner."""
_TOLD_FROM = 0.8
_INSUFFICIENT_STORAGE = 507


class Limits(NamedTuple):
    """What a workspace may have: logs, bytes on the disk, and requests a minute. None is no limit."""

    logs: int | None = None
    bytes: int | None = None
    requests: int | None = None


class Allowance(NamedTuple):
    """A request of a minute that has `left` more of `most`, and `seconds` to go. `is_over` for one too many."""

    most: int
    left: int
    seconds: int
    is_over: bool


class Remainder(NamedTuple):
    """How much is `left` of a limit of `logs` or `bytes`."""

    name: str
    most: int
    left: int


class _Counted(NamedTuple):
    """So many logs, up to the one with a number."""

    logs: int
    last: int


class Meter:
    """The use of one workspace. `read_limits` reads its limits; `clock` is in seconds and never set back.

    Its requests count in `minutes` by its `name`.
    """

    def __init__(
        self,
        database: Database,
        read_limits: Callable[[], Limits],
        clock: Callable[[], float] = time.monotonic,
        minutes: Minutes | None = None,
        name: str = "",
    ) -> None:
        self._database = database
        self._read_limits = read_limits
        self._clock = clock
        self._limits = Limits()
        self._renewing = Lock()
        self._renewed_at = self._recounted_at = -math.inf
        self._counted = _Counted(0, 0)
        self._logs = 0
        self._bytes = 0
        self._taken_bytes = 0
        self._minutes = minutes or OwnMinutes()
        self._name = name

    @property
    def is_due(self) -> bool:
        """Whether what is known is too old."""
        return self._clock() - self._renewed_at >= RENEWED_SECONDS

    def renew(self) -> None:
        """Look again, unless somebody just did. Raises Unavailable."""
        with self._renewing:
            if not self.is_due:
                return
            limits = self._read_limits()
            if limits.logs is not None or limits.bytes is not None:
                with self._database.read() as connection:
                    self._look(connection, limits)
            self._limits = limits
            self._renewed_at = self._clock()

    def take_request(self) -> Allowance | None:
        """Count a request; None without a limit."""
        most = self._limits.requests
        if most is None:
            return None
        now = self._clock()
        taken = self._minutes.take(self._name, now)
        left = most - taken.number
        return Allowance(most, max(0, left), math.ceil(taken.ends - now), left < 0)

    def require_room(self, *, for_logs: bool) -> None:
        """Raise Unavailable, with status 507, if there is no room for more data, or for more logs."""
        limits = self._limits
        if limits.bytes is not None and self._bytes + self._taken_bytes >= limits.bytes:
            raise _full(size_words(limits.bytes))
        if for_logs and limits.logs is not None and self._logs >= limits.logs:
            raise _full(f"{limits.logs:,} logs")

    def take_bytes(self, size: int) -> None:
        """Note that so many bytes came in, to be written."""
        self._taken_bytes += size

    def remainders(self) -> list[Remainder]:
        """What is left of the limits that are nearly reached."""
        used = {"logs": self._logs, "bytes": self._bytes + self._taken_bytes}
        mosts = {"logs": self._limits.logs, "bytes": self._limits.bytes}
        return [
            Remainder(name, most, max(0, most - used[name]))
            for name, most in mosts.items()
            if most is not None and used[name] >= _TOLD_FROM * most
        ]

    @contextmanager
    def within(self, connection: Connection) -> Iterator[None]:
        """A write that is refused, whole, if it adds logs beyond the limit: those of all servers count."""
        most, counted = self._limits.logs, self._counted
        if most is None:
            yield
            return
        before = _newer(connection, counted.last)
        yield
        after = _newer(connection, counted.last)
        total = counted.logs + after
        if after > before and total > most:
            if self._clock() - self._recounted_at >= RENEWED_SECONDS:
                total = _count(connection)
            if total > most:
                raise _full(f"{most:,} logs")
        self._logs = total

    def _look(self, connection: Connection, limits: Limits) -> None:
        now = self._clock()
        if limits.logs is not None:
            is_full = self._logs >= limits.logs
            pause = RENEWED_SECONDS if is_full else _RECOUNTED_SECONDS
            last = int(connection.execute(select(func.max(logs.c.number))).scalar() or 0)
            if now - self._recounted_at >= pause or last < self._counted.last:
                self._counted, self._recounted_at = _Counted(_count(connection), last), now
            else:
                self._counted = _Counted(self._counted.logs + _newer(connection, self._counted.last), last)
            self._logs = self._counted.logs
        if limits.bytes is not None:
            self._bytes, self._taken_bytes = size_of(connection, self._database.schema), 0


def size_of(connection: Connection, schema: str | None) -> int:
    """The bytes of a workspace's data on the disk, with its indexes. Reads no table."""
    if connection.dialect.name == "sqlite":
        pages, free, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)
    size = _SIZE
    if schema is not None and is_distributed(connection) and node_of(connection, schema) is not None:
        size = _SIZE_ON_A_NODE
    return int(connection.execute(size, {"schema": schema or "public"}).scalar_one())


def _full(most: str) -> Unavailable:
    return Unavailable(
        f"The workspace has reached its limit of {most}. Nothing was written. Delete what is not needed any more, or "
        "ask whoever runs the server for a higher limit.",
        _INSUFFICIENT_STORAGE,
    )


def _newer(connection: Connection, number: int) -> int:
    found = select(func.count()).select_from(logs).where(logs.c.number > number)
    return int(connection.execute(found).scalar_one())


def _count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(logs)).scalar_one())


_SIZE_OF = (
    "SELECT coalesce(sum({}(c.oid)), 0) FROM pg_class c JOIN pg_namespace n "
    "ON n.oid = c.relnamespace WHERE n.nspname = :schema AND c.relkind IN ('r', 'm')"
)
_SIZE, _SIZE_ON_A_NODE = (
    text(_SIZE_OF.format(size)) for size in ("pg_total_relation_size", "citus_total_relation_size")
)
