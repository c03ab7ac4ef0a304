"""Progress of a request, as a host shows it to the person who waits: always more, of how much if that is known."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil
from typing import Any

from evals_mcp.client.row_sources import Progress
from evals_mcp.steps import listening

_INTERVAL = 1.0  # seconds


@asynccontextmanager
async def reported(host: Any) -> AsyncIterator[Progress]:
    """Report every second to a host (or None) that the request is running, until the request reports by itself.

    The reports have the steps of a computation in this process, if it tells them. A host that gave no progress token
    gets none of them.
    """
    if host is None:
        yield _ignore
        return

    def start() -> None:
        running.append(asyncio.create_task(_count_seconds(reports, steps)))

    def stop() -> None:
        timer.cancel()
        for task in running:
            task.cancel()

    async def report(done: int, total: int | None, words: str) -> None:
        stop()
        await reports.send(done, total, words)

    reports, steps = _Reports(host), _Steps()
    running: list[asyncio.Task[None]] = []
    timer = asyncio.get_running_loop().call_later(_INTERVAL, start)  # most requests need no task
    try:
        with listening(steps):
            yield report
    finally:
        stop()


class _Reports:
    """What the host was told. Amounts that begin again, as those of a next piece of work do, are added to the last."""

    def __init__(self, host: Any) -> None:
        self._host = host
        self._told: float = 0
        self._earlier = 0
        self._amount: float = 0

    async def send(self, amount: float, total: float | None, words: str) -> None:
        """Tell the host an amount, unless that is no more than it knows."""
        if amount < self._amount:
            self._earlier = ceil(self._told)
        self._amount = amount
        if self._earlier + amount > self._told:
            self._told = self._earlier + amount
            await self._host.report_progress(self._told, None if total is None else self._earlier + total, words)


class _Steps:
    """The present step of a computation, which another thread tells."""

    def __init__(self) -> None:
        self.present: tuple[int, int, str] | None = None

    def __call__(self, done: int, total: int, words: str) -> None:
        self.present = (done, total, words)


async def _count_seconds(reports: _Reports, steps: _Steps) -> None:
    seconds, seconds_of_step, step = 0, 0, None
    while True:
        seconds, seconds_of_step = seconds + 1, seconds_of_step + 1
        if steps.present != step:
            step, seconds_of_step = steps.present, 1
        # Below the next step, however long this one takes. What the request reports by itself starts at 1.
        part = 1 - 1 / (seconds_of_step + 1)
        if step is None:
            await reports.send(part, None, f"Running for {seconds:,} s.")
        else:
            done, total, words = step
            await reports.send(done + part, total, f"{words} Running for {seconds:,} s.")
        await asyncio.sleep(_INTERVAL)


async def _ignore(done: int, total: int | None, words: str) -> None:
    pass
