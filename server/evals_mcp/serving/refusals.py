"""Refused keys: an address that has many of them waits for further refusals, and the log tells of them once a minute.

A key that works is never slowed, whoever else has the same address: a proxy has one for all.
"""

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import NamedTuple

import anyio
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evals_mcp.api.attempts import Attempt, watched
from evals_mcp.serving.proxies import site_of
from evals_mcp.serving.shared_counts import OwnWaits, SharedCounts
from evals_mcp.store.database.minutes import OwnMinutes

_LOGGER = logging.getLogger(__name__)
_MOST_IN_LINE = 1_000
_SECONDS_BETWEEN_LINES = 61.0  # logs keep one line of a kind in a minute
_TOO_MANY = "Too many wrong keys came from this address. Try again in {} seconds."


class RefusalLimits(NamedTuple):
    """After `free` refusals of an address in a minute, each further one waits for `seconds`. `most_of_address` wait at
    once, and `most` in all; what comes beyond is answered with 429."""

    free: int = 10
    seconds: float = 1.0
    most_of_address: int = 10
    most: int = 100


class SlowedRefusals:
    """Passes requests on, and holds back the answers to those whose key or token was refused."""

    def __init__(
        self,
        app: ASGIApp,
        limits: RefusalLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        log: "RefusalLog | None" = None,
        counts: SharedCounts | None = None,
    ) -> None:
        self._app = app
        self._limits = limits or RefusalLimits()
        self._clock = clock
        self._sleep = sleep
        self._log = log or RefusalLog()
        self._minutes = OwnMinutes() if counts is None else counts.refusals
        self._waits = OwnWaits() if counts is None else counts.waits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_answered = False

        async def held(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.start" and attempt.refused is not None:
                seconds = await self._hold(site_of((scope.get("client") or ("-",))[0]), attempt)
                if seconds is not None:
                    is_answered = True
                    refusal = JSONResponse(
                        {"detail": _TOO_MANY.format(seconds)}, status_code=429, headers={"Retry-After": str(seconds)}
                    )
                    await refusal(scope, receive, send)
            if not is_answered:
                await send(message)

        with watched() as attempt:
            await self._app(scope, receive, held)

    async def _hold(self, address: str, attempt: Attempt) -> int | None:
        """Wait, if the address has had its free refusals. In how many seconds to try again, if too many wait."""
        assert attempt.refused is not None
        self._log.note(attempt.refused, address, attempt.key_id)
        now = self._clock()
        limits, waits = self._limits, self._waits
        taken = self._minutes.take(address, now)
        if taken.number <= limits.free:
            return None
        if waits.total(now) >= limits.most or waits.count(address, now) >= limits.most_of_address:
            return max(1, math.ceil(taken.ends - now))
        waits.begin(address, now, limits.seconds)
        try:
            await self._sleep(limits.seconds)
        finally:
            waits.end(address, self._clock(), limits.seconds)
        return None


class _Refused:
    """The refusals of a kind since its last line."""

    def __init__(self) -> None:
        self.by_address = Counter[str]()
        self.key_id: str | None = None

    def add(self, address: str, key_id: str | None) -> None:
        """Count one."""
        is_known = address in self.by_address or len(self.by_address) < _MOST_IN_LINE
        self.by_address[address if is_known else "others"] += 1
        self.key_id = key_id or self.key_id

    def __str__(self) -> str:
        address, most = self.by_address.most_common(1)[0]
        count = self.by_address.total()
        among = f", {most} of them" if most < count else ""
        key = f"; the last one that looks like ours has the id {self.key_id}" if self.key_id else ""
        return f"{count}{among} from {address}{key}"


def _later(seconds: float, call: Callable[[], None]) -> None:
    # not as the request that happened to come first: its id would stand in lines of others
    asyncio.get_running_loop().call_later(seconds, call, context=Context())


class RefusalLog:
    """Logs the first refusal of a kind, and once a minute how many there were since."""

    def __init__(self, later: Callable[[float, Callable[[], None]], None] = _later) -> None:
        self._later = later
        self._since: dict[str, _Refused] = {}

    def note(self, kind: str, address: str, key_id: str | None) -> None:
        """Note a refusal. `kind` is one of a few texts."""
        is_first = kind not in self._since
        self._since.setdefault(kind, _Refused()).add(address, key_id)
        if is_first:
            self._tell(kind)

    def _tell(self, kind: str) -> None:
        refused = self._since[kind]
        if not refused.by_address:
            del self._since[kind]
            return
        _LOGGER.warning(f"Refused: {kind}: %s.", refused)
        self._since[kind] = _Refused()
        self._later(_SECONDS_BETWEEN_LINES, lambda: self._tell(kind))
