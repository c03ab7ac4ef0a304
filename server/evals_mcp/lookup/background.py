"""Work that goes on after its call has ended: hosts wait a minute for an answer, and an import may take longer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.client.row_sources import Progress

SECONDS = 45.0
"""One host ends a call after 60 seconds, and no setting changes that."""

_SECONDS_KEPT = 600.0
Result = TypeVar("Result")
Report = Callable[[int, int | None, Quoted], Awaitable[None]]
"""Called by the work with how much is done, of how much, and words for it."""


class Unfinished(NamedTuple):
    """Work that still goes on, and how far it is."""

    words: Quoted


@dataclass
class _Job:
    listener: Progress | None = None
    words: Quoted = ""
    task: "asyncio.Task[_Ended[Any]] | None" = None

    async def report(self, done: int, total: int | None, words: Quoted) -> None:
        """Note how far it is, tell whoever waits, and let other calls go on."""
        self.words = words
        if self.listener is not None:
            await self.listener(done, total, words)
        await asyncio.sleep(0)


@dataclass(frozen=True)
class _Ended(Generic[Result]):
    result: Result | Exception
    at: float


class Background:
    """Work by key. Only one runs at a time, and it ends with the event loop."""

    def __init__(self) -> None:
        self._jobs: dict[Hashable, _Job] = {}
        self._turn = asyncio.Lock()

    async def wait(
        self, key: Hashable, work: Callable[[Report], Awaitable[Result]], listener: Progress | None
    ) -> Result | Unfinished:
        """Start work, or wait for what a call with the same key has started. Raises what the work raises.

        A result that nobody fetched is kept for ten minutes.
        """
        job = self._jobs.get(key)
        if job is None or _is_old(job):
            job = self._jobs[key] = _Job()
            job.task = asyncio.create_task(self._run(work, job))
        assert job.task is not None
        job.listener = listener
        try:
            await asyncio.wait([job.task], timeout=SECONDS)
        finally:
            job.listener = None
        if not job.task.done():
            return Unfinished(job.words)
        self._jobs.pop(key, None)
        result: Result | Exception = job.task.result().result
        if isinstance(result, Exception):
            raise result
        return result

    async def _run(self, work: Callable[[Report], Awaitable[Result]], job: _Job) -> _Ended[Result]:
        async with self._turn:
            try:
                return _Ended(await work(job.report), time.monotonic())
            except Exception as error:
                return _Ended(error, time.monotonic())


def _is_old(job: _Job) -> bool:
    """Whether its result was not fetched in time."""
    if job.task is None or not job.task.done():
        return False
    return job.task.cancelled() or time.monotonic() - job.task.result().at > _SECONDS_KEPT
