"""Progress of a request, as a host shows it to the person who waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from evals_mcp.client.row_sources import Progress

_INTERVAL = 1.0  # seconds


@asynccontextmanager
async def reported(host: Any) -> AsyncIterator[Progress]:
    """Report every second to a host (or None) that the request is running, until the request reports by itself."""
    if host is None:
        yield _ignore
        return

    def start() -> None:
        running.append(asyncio.create_task(_count_seconds(host)))

    def stop() -> None:
        timer.cancel()
        for task in running:
            task.cancel()

    async def report(done: int, total: int | None, words: str) -> None:
        stop()
        await host.report_progress(done, total, words)

    running: list[asyncio.Task[None]] = []
    timer = asyncio.get_running_loop().call_later(_INTERVAL, start)  # most requests need no task
    try:
        yield report
    finally:
        stop()


async def _count_seconds(host: Any) -> None:
    for number in count(1):
        # Progress must increase, and what the request reports by itself starts at 1.
        await host.report_progress(1 - 1 / (number + 1), None, f"Running for {number} s.")
        await asyncio.sleep(_INTERVAL)


async def _ignore(done: int, total: int | None, words: str) -> None:
    pass
