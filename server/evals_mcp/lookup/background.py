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
_MOST_KEPT = 20
Result = TypeVar("Result")
Report = Callable[[int, int | None, Quoted], Awaitable[None]]
"""Called by the work with how much is done, of how much, and words for it."""


class Unfinished(NamedTuple):
    """Work that still goes on, and how far it is."""

    words: Quoted


@dataclass
class _Job:
    listener: Progress | None = None
    waiting: int = 0
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

        A result that nobody fetched is kept for ten minutes, unless 20 others ended after it.
        """
        self._forget()
        job = self._jobs.get(key)
        if job is None:
            job = self._jobs[key] = _Job()
            job.task = asyncio.create_task(self._run(work, job))
            job.task.add_done_callback(lambda _: self._forget())
        assert job.task is not None
        job.listener = listener
        job.waiting += 1
        try:
            await asyncio.wait([job.task], timeout=SECONDS)
        finally:
            job.listener = None
            job.waiting -= 1
        if not job.task.done():
            return Unfinished(job.words)
        if self._jobs.get(key) is job:
            del self._jobs[key]
        result: Result | Exception = job.task.result().result
        if isinstance(result, Exception):
            raise result
        return result

    def _forget(self) -> None:
        """Drop results that nobody fetched in time, and the oldest of too many."""
        ended = {
            key: -1.0 if job.task.cancelled() else job.task.result().at
            for key, job in self._jobs.items()
            if job.task is not None and job.task.done() and not job.waiting
        }
        latest = sorted(ended, key=ended.__getitem__)[-_MOST_KEPT:]
        for key, at in ended.items():
            if key not in latest or time.monotonic() - at > _SECONDS_KEPT:
                del self._jobs[key]

    async def _run(self, work: Callable[[Report], Awaitable[Result]], job: _Job) -> _Ended[Result]:
        async with self._turn:
            try:
                return _Ended(await work(job.report), time.monotonic())
            except Exception as error:
                return _Ended(error, time.monotonic())
