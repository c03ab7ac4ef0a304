"""Whether the data can be reached now, told in time even if the database never answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from anyio import CapacityLimiter, to_thread

from evals_mcp.api.grants import Access
from evals_mcp.errors import EvalsError, Unavailable
from evals_mcp.store.teams.keys import secret_digest

_PATIENCE = 3.0
_MOST_AT_ONCE = 16
_SILENT = "The database does not answer."


class Readiness:
    """Asks the database, for `patience` seconds. Those who ask for the same meanwhile get the same answer.

    It has threads of its own: those of requests may all be waiting for the database.
    """

    def __init__(self, access: Access, patience: float = _PATIENCE) -> None:
        self._access = access
        self._patience = patience
        self._asking: dict[str | None, asyncio.Task[None]] = {}
        self._threads: CapacityLimiter | None = None

    async def check(self, key: str | None) -> None:
        """Raise Unavailable, with what is not ready; with a key, ask for its workspace, and raise Unauthorized."""
        name = None if key is None else secret_digest(key)
        if name not in self._asking:
            if len(self._asking) >= _MOST_AT_ONCE:
                raise Unavailable(_SILENT)
            asking = self._check_all() if key is None else self._check_workspace(key)
            task = self._asking[name] = asyncio.create_task(asking)
            task.add_done_callback(lambda ended: self._forget(name, ended))
        task = self._asking[name]
        done, _ = await asyncio.wait([task], timeout=self._patience)
        if not done:
            raise Unavailable(f"Not ready: the database has not answered in {self._patience:g} seconds.")
        await task

    def _forget(self, name: str | None, ended: asyncio.Task[None]) -> None:
        del self._asking[name]
        if not ended.cancelled():
            ended.exception()  # those who asked may be gone, and asyncio would log it

    async def _check_all(self) -> None:
        await _told("Not ready", self._in_thread(self._access.check))

    async def _check_workspace(self, key: str) -> None:
        grant = await _told("Not ready: the keys cannot be read", self._access.grant(key))
        await _told("Not ready: the workspace of this key cannot be read", self._in_thread(grant.store.check))

    async def _in_thread(self, function: Callable[[], Any]) -> None:
        if self._threads is None:
            self._threads = CapacityLimiter(_MOST_AT_ONCE)
        await to_thread.run_sync(function, limiter=self._threads, abandon_on_cancel=True)


async def _told(what: str, asking: Awaitable[Any]) -> Any:
    """What is asked for. Raises Unavailable with what could not be done before why."""
    try:
        return await asking
    except EvalsError as error:
        if error.status < 500:
            raise
        raise Unavailable(f"{what}. {error}") from error
