"""Connections of a server: how many there may be, and how long each may be unfinished.

Anybody can open a connection, without a key. So one that brings no whole request gives way to others.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import uvicorn
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from evals_mcp.serving.open_files import most_connections
from evals_mcp.serving.proxies import site_of

_LOGGER = logging.getLogger(__name__)
_ANSWER = "HTTP/1.1 {} {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_ACCEPTED_AT_ONCE = 32
_FORCED_WITHIN = 0.1  # seconds
_LEAVES_WITHIN = 1.0  # seconds after a connection may have been kept for another request

_SLOW = {"waiting": "head", "sending": "body", "taking": "answer"}
_State = Literal["waiting", "sending", "taking", "working"]


class ConnectionLimits(NamedTuple):
    """How many connections a server has, and how long (in seconds) a client may keep it waiting.

    A client has `head_seconds` for the head of a request. Of a body, it has to send `least_bytes` in each
    `body_seconds`, and of an answer to take something in each `answer_seconds`. The server looks every `look_seconds`.
    A trusted proxy may keep a connection for `proxy_seconds` between two requests, longer than proxies do by default:
    else one ends while a proxy sends the next request.
    """

    most: int
    most_of_address: int
    head_seconds: float = 15.0
    body_seconds: float = 20.0
    answer_seconds: float = 60.0
    least_bytes: int = 10_000
    look_seconds: float = 1.0
    proxy_seconds: int = 130


def default_limits() -> ConnectionLimits:
    """The limits for this process: room for 1,000 connections, or for what the system lets it open; half an address."""
    most = most_connections()
    return ConnectionLimits(most, max(4, most // 2))


class ConnectionWatcher:
    """Is told of connections. This one forgets it."""

    def connected(self, change: int) -> None:
        """A connection was opened (1) or has ended (-1)."""

    def disconnected(self, reason: str) -> None:
        """A connection is `refused`, gives way (`crowded`), or was slow (`slow_head`, `slow_body`, `slow_answer`)."""

    def look(self) -> None:
        """About a second is over."""


class GuardedServer(uvicorn.Server):
    """A server that looks after its connections.

    Those from an address that `is_proxy` are of many clients, so only their whole number is bounded. A server that
    `shares` its socket accepts one connection at a time, so that the others get theirs.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        limits: ConnectionLimits,
        is_proxy: Callable[[str], bool] = lambda _: False,
        *,
        shares: bool = False,
        watcher: ConnectionWatcher | None = None,
    ) -> None:
        self._waiting_connections = config.backlog
        config.backlog = 1 if shares else _ACCEPTED_AT_ONCE  # asyncio accepts so many before it looks at the first
        self._guard = _Guard(limits, is_proxy, watcher or ConnectionWatcher())
        config.http = self._protocol  # type: ignore[assignment]
        super().__init__(config)
        self.leaves = False
        self.turns = 0  # that the event loop has taken: a number that stays the same is of a server that hangs
        self._leave_by: float | None = None

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """Listen as before, with all connections that may wait."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(self._waiting_connections)
        self._guard.start()

    async def on_tick(self, counter: int) -> bool:
        """Whether to end. A server that `leaves` accepts no more, and ends once all clients know that it does."""
        self.turns += 1
        now = asyncio.get_running_loop().time()
        if self.leaves and self._leave_by is None:
            for server in self.servers:
                server.close()
            self._guard.leave()
            self._leave_by = now + self.config.timeout_keep_alive + _LEAVES_WITHIN
        if self._leave_by is not None and (not self.server_state.connections or now > self._leave_by):
            return True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        """Finish accepted requests; after a second SIGINT, end them."""
        self._guard.stop()
        self._look_whether_forced()
        await super().shutdown(sockets)

    def _look_whether_forced(self) -> None:
        """End the requests if they are not to be finished: with some versions of Python, uvicorn waits for them."""
        if not self.force_exit:
            asyncio.get_running_loop().call_later(_FORCED_WITHIN, self._look_whether_forced)
            return
        for task in list(self.server_state.tasks):
            task.cancel()

    def _protocol(self, **options: Any) -> "_GuardedProtocol":
        return _GuardedProtocol(self._guard, **options)


class _GuardedProtocol(H11Protocol):
    """A connection that its guard can look at and end."""

    def __init__(self, guard: "_Guard", **options: Any) -> None:
        super().__init__(**options)
        self._guard = guard
        self._step: tuple[object, ...] = ()
        self.bytes_received = 0
        self.bytes_at_step = 0
        self.since = 0.0
        self.site = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.since = self.loop.time()
        self.site = site_of(self.address)
        self._guard.add(self)
        if self.is_proxy:
            self.timeout_keep_alive = self._guard.proxy_seconds

    def connection_lost(self, exc: Exception | None) -> None:
        self._guard.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.bytes_received += len(data)
        if not self.transport.is_closing():
            super().data_received(data)
            if self._guard.leaves:
                self.close_after_answer()

    def close_after_answer(self) -> None:
        """Tell the client with the answer to the present request, if there is one, that no other is taken."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_started:
            cycle.scope["headers"] = [*cycle.scope["headers"], CLOSE_HEADER]

    @property
    def is_proxy(self) -> bool:
        """Whether the connection is one of a trusted proxy."""
        return self._guard.is_proxy(self.address)

    @property
    def is_kept(self) -> bool:
        """Whether it waits for another request, and nothing of that has come: the server ends it in its own time."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and cycle.response_complete and not self.conn.trailing_data[0]

    @property
    def address(self) -> str:
        """The client's address, without its port."""
        return self.client[0] if self.client else ""

    @property
    def state(self) -> _State:
        """What the connection waits for: the head of a request, its body, the client to read, or the application."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            return "waiting"
        if self.flow.write_paused:
            return "taking"
        return "sending" if cycle.more_body and not self.flow.read_paused else "working"

    def look(self, now: float) -> float:
        """How long, in seconds, the state has been the same, with the same request and the same part of its answer."""
        state = self.state
        part = self.transport.get_write_buffer_size() if state == "taking" else 0
        step = (state, self.cycle, part)
        if step != self._step:
            self._step = step
            self.restart(now)
        return now - self.since

    def restart(self, now: float) -> None:
        """Give the client the whole time again."""
        self.since = now
        self.bytes_at_step = self.bytes_received

    @property
    def has_begun_request(self) -> bool:
        """Whether a part of a request is there, and nothing of its answer is sent."""
        if self.state == "waiting":
            return bool(self.conn.trailing_data[0])
        return not self.cycle.response_started

    def end(self, status: int, reason: str) -> None:
        """Close the connection, with an answer if none has begun and the client has sent something."""
        if self.has_begun_request or status == 503:
            self.transport.write(_ANSWER.format(status, reason).encode())
        if self.flow.write_paused:
            self.transport.abort()
        else:
            self.transport.close()


class _Guard:
    """All connections of a server."""

    def __init__(self, limits: ConnectionLimits, is_proxy: Callable[[str], bool], watcher: ConnectionWatcher) -> None:
        self._limits = limits
        self._watcher = watcher
        self.is_proxy = is_proxy
        self.leaves = False
        self._open: dict[_GuardedProtocol, None] = {}
        self._of_address = Counter[str]()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to look, in the running loop."""
        self._timer = asyncio.get_running_loop().call_later(self._limits.look_seconds, self._look)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    @property
    def proxy_seconds(self) -> int:
        """How long a proxy may keep a connection between two requests."""
        return self._limits.proxy_seconds

    def leave(self) -> None:
        """Let each connection end with the answer to its present request, or to its next."""
        self.leaves = True
        for connection in self._open:
            connection.close_after_answer()

    def add(self, connection: _GuardedProtocol) -> None:
        """Take in a connection; for one too many, the one goes that has kept the server waiting longest, or this."""
        address = connection.site
        if self._of_address[address] >= self._limits.most_of_address and not connection.is_proxy:
            of_address = [other for other in self._open if other.site == address]
            room = self._make_room(
                of_address, "%s has %d connections; the oldest without a request ends.", address, len(of_address)
            )
        elif len(self._open) >= self._limits.most:
            among = list(self._open)
            room = self._make_room(among, "There are %d connections; the oldest without a request ends.", len(among))
        else:
            room = True
        self._open[connection] = None
        self._watcher.connected(1)
        self._of_address[address] += 1
        if not room:
            _LOGGER.warning("A connection from %s is refused: all others have requests that are worked on.", address)
            connection.end(503, "Service Unavailable")
            self._watcher.disconnected("refused")

    def remove(self, connection: _GuardedProtocol) -> None:
        """Forget a connection that has ended; one that was forgotten is not an error."""
        if connection in self._open:
            del self._open[connection]
            self._watcher.connected(-1)
            self._of_address[connection.site] -= 1
            if not self._of_address[connection.site]:
                del self._of_address[connection.site]

    def _make_room(self, among: list[_GuardedProtocol], message: str, *values: object) -> bool:
        unfinished = [other for other in among if other.state in ("waiting", "sending")]
        if not unfinished:
            return False
        _LOGGER.warning(message, *values)
        oldest = min(unfinished, key=lambda other: (other.state == "sending", other.since))
        oldest.end(408, "Request Timeout")
        self._watcher.disconnected("crowded")
        self.remove(oldest)
        return True

    def _look(self) -> None:
        self.start()  # first: whatever fails now, the server looks again
        now = asyncio.get_running_loop().time()
        for connection in list(self._open):
            self._look_at(connection, connection.look(now), now)
        self._watcher.look()

    def _look_at(self, connection: _GuardedProtocol, seconds: float, now: float) -> None:
        limits = self._limits
        allowed = {
            "waiting": limits.head_seconds,
            "sending": limits.body_seconds,
            "taking": limits.answer_seconds,
        }.get(connection.state)
        if allowed is None or seconds < allowed or (connection.is_proxy and connection.is_kept):
            return
        if connection.state == "sending" and (
            connection.bytes_received - connection.bytes_at_step >= limits.least_bytes
        ):
            connection.restart(now)
            return
        _LOGGER.warning("A connection ends that was %s for %.0f s: %s.", connection.state, seconds, connection.address)
        self._watcher.disconnected(f"slow_{_SLOW[connection.state]}")
        connection.end(408, "Request Timeout")
