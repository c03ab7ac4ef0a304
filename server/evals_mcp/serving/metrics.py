"""Figures of a server for Prometheus: requests, tools, writes, the database and its caches.

They are the whole server's. No label has what a caller or a team can make up: names of keys and workspaces, ids, paths.
"""

import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from time import time
from typing import Literal, NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    multiprocess,
    values,
)
from prometheus_client.exposition import choose_encoder
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from evals_mcp import __version__
from evals_mcp.api.middleware.large_bodies import BodyCounts
from evals_mcp.api.middleware.request_log import AnsweredRequest
from evals_mcp.errors import EvalsError
from evals_mcp.serving.connections import ConnectionWatcher
from evals_mcp.serving.database_log import DatabaseLog
from evals_mcp.serving.figure_files import FigurePlace
from evals_mcp.store.database.failures import failure_kind

_OF_REQUESTS = (0.005, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0)
_OF_DATABASE = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_NO_STATUS = "none"
_NO_ROUTE = "none"


class _OfRequests(NamedTuple):
    """The figures that one kind of request counts in. How long a refusal takes, nobody asks."""

    answered: Counter
    seconds: Histogram | None


class Metrics(DatabaseLog, ConnectionWatcher):
    """The figures of one process, or of all processes that have their `place` in the same folder."""

    def __init__(self, database: Engine, bodies: BodyCounts, place: FigurePlace | None = None) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._folder = None if place is None else place.folder
        if place is not None:
            values.ValueClass = values.MultiProcessValue(lambda: place.number)  # type: ignore[no-untyped-call]
        self._engine = database
        self._bodies = bodies
        self._registry = CollectorRegistry()
        self._kinds: dict[tuple[str, str, int | None], _OfRequests] = {}
        self._define_requests()
        self._define_writes()
        self._define_database()
        self._define_process()
        self.look()

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"evals_mcp_{name}", meaning, labels, registry=self._registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"evals_mcp_{name}_seconds", meaning, labels, buckets=buckets, registry=self._registry)

    def _gauge(self, name: str, meaning: str, *labels: str, of_all: Literal["livesum", "livemin"] = "livesum") -> Gauge:
        return Gauge(f"evals_mcp_{name}", meaning, labels, registry=self._registry, multiprocess_mode=of_all)

    def _define_requests(self) -> None:
        about = "by method, route template and status; route none was refused before it was routed"
        self._requests = self._counter("requests", f"Answered requests, {about}", "method", "route", "code")
        self._seconds = self._histogram("request", "Seconds of requests", _OF_REQUESTS, "method", "route")
        self._tools = self._counter("tool_calls", "Calls of tools over HTTP", "tool", "outcome")
        self._tool_seconds = self._histogram("tool_call", "Seconds of calls of tools", _OF_REQUESTS, "tool")
        self._connections = self._gauge("connections", "Open connections")
        self._ended = self._counter(
            "connections_ended", "Connections that the server ended or refused without a whole request", "reason"
        )
        self._body_bytes = self._gauge("large_body_bytes", "Bytes of large bodies that have come in")
        self._body_counts = self._gauge("large_bodies", "Large bodies that wait for their turn, or have it", "state")

    def _define_writes(self) -> None:
        self._writes = self._counter("writes", "Committed writes of requests, by kind as in the journal", "kind")
        self._rows = self._counter("rows_written", "New logs and judgments", "noun")

    def _define_database(self) -> None:
        self._used = self._gauge("database_connections", "Connections to the database that are in use")
        self._limit = self._gauge("database_connections_limit", "Connections to the database that there may be")
        transactions = self._histogram("database", "Seconds of transactions", _OF_DATABASE, "kind")
        waits = self._histogram(
            "database_wait", "Seconds until a read had a connection, and a write its turn", _OF_DATABASE, "kind"
        )
        self._transactions = {kind: (transactions.labels(kind), waits.labels(kind)) for kind in ("read", "write")}
        self._queue = self._gauge("writes_waiting", "Writes that wait for their turn")
        self._failures = self._counter("database_errors", "Transactions that failed because of the storage", "kind")
        lookups = self._counter("cache_lookups", "Computed answers that were looked up", "result")
        self._hits, self._misses = lookups.labels("hit"), lookups.labels("miss")
        self._cached = self._gauge("cache_bytes", "Approximate bytes of computed answers that are kept")

    def _define_process(self) -> None:
        build = self._gauge("build_info", "What runs", "version", "python", "database", of_all="livemin")
        build.labels(__version__, platform.python_version(), self._engine.dialect.name).set(1)
        started = self._gauge("start_time_seconds", "When the oldest process started", of_all="livemin")
        started.set(time())
        self._memory = self._gauge("memory_bytes", "Resident memory")
        self._files = self._gauge("open_files", "Open files and sockets")

    def request(self, answered: AnsweredRequest) -> None:
        """Count a request, and the tools that it called."""
        state = answered.scope.get("state", {})
        method = answered.method if answered.method in _METHODS else "other"  # callers make up as many as they like
        kind = (method, state.get("route", _NO_ROUTE), answered.status)
        found = self._kinds.get(kind)
        if found is None:
            found = self._kinds[kind] = self._of_kind(*kind)
        found.answered.inc()
        if found.seconds is not None:
            found.seconds.observe(answered.seconds)
        for call in state.get("tool_calls", ()):
            self._tools.labels(call.name, "answer" if call.succeeded else "error").inc()
            self._tool_seconds.labels(call.name).observe(call.seconds)

    def _of_kind(self, method: str, route: str, status: int | None) -> _OfRequests:
        code = _NO_STATUS if status is None else str(status)
        seconds = None if route == _NO_ROUTE else self._seconds.labels(method, route)
        return _OfRequests(self._requests.labels(method, route, code), seconds)

    def connected(self, change: int) -> None:
        """Note that a connection was opened (1) or has ended (-1)."""
        self._connections.inc(change)

    def disconnected(self, reason: str) -> None:
        """Count a connection that was ended or refused."""
        self._ended.labels(reason).inc()

    def queued(self, change: int) -> None:
        """Note that a write begins (1) or ends (-1) to wait for its turn."""
        self._queue.inc(change)

    def transaction(self, kind: Literal["read", "write"], waited: float, seconds: float) -> None:
        """Count a transaction."""
        transactions, waits = self._transactions[kind]
        transactions.observe(seconds)
        waits.observe(waited)

    def failed(self, error: EvalsError) -> None:
        """Count a failure of the storage, and log it."""
        self._failures.labels(failure_kind(error)).inc()
        super().failed(error)

    def wrote(self, kind: str | None, rows: Mapping[str, int]) -> None:
        """Count a write."""
        if kind is not None:
            self._writes.labels(kind).inc()
        for noun, number in rows.items():
            self._rows.labels(noun).inc(number)

    def looked_up(self, found: bool) -> None:
        """Count a lookup in a cache."""
        (self._hits if found else self._misses).inc()

    def cache_grew(self, size: int) -> None:
        """Note that a cache has so many bytes more, or less."""
        self._cached.inc(size)

    def look(self) -> None:
        """Note what is so now in this process. Where there are several, each has to do so about once in a second."""
        pool = self._engine.pool
        if isinstance(pool, QueuePool):
            self._used.set(pool.checkedout())
            self._limit.set(pool.size() + pool._max_overflow)
        self._body_bytes.set(self._bodies.bytes)
        self._body_counts.labels("waiting").set(self._bodies.waiting)
        self._body_counts.labels("working").set(self._bodies.working)
        if sys.platform == "linux":
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self._memory.set(pages * os.sysconf("SC_PAGE_SIZE"))
            self._files.set(len(os.listdir("/proc/self/fd")))

    def page(self, accept: str) -> tuple[str, bytes]:
        """The media type and the text of all figures, as a scraper accepts them."""
        self.look()
        registry = self._registry
        if self._folder is not None:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry, str(self._folder))  # type: ignore[no-untyped-call]
        encode, media_type = choose_encoder(accept)
        return media_type, encode(registry)
