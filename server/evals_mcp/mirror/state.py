"""The state of a mirror between questions."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio

from evals_mcp.client.client import EvalsClient
from evals_mcp.client.raw_pages import RawPages
from evals_mcp.errors import Unavailable
from evals_mcp.mirror.catalog import Catalog
from evals_mcp.mirror.datasets import Datasets
from evals_mcp.mirror.run_rows import RunRows
from evals_mcp.mirror.scratch import Scratch
from evals_mcp.mirror.time_limit import TimeLimit
from evals_mcp.models.evaluation_document import RunEvaluation


class MirrorState:
    """The scratch workspaces, and how far each run was read into them. Opened when first needed."""

    def __init__(
        self, remote: EvalsClient, open_scratch: Callable[[], EvalsClient], clock: Callable[[], float]
    ) -> None:
        self.raw: RawPages = remote.raw_pages
        self.clock = clock
        self.scratch = Scratch(open_scratch())
        self.catalog = Catalog(self.raw, Scratch(open_scratch()))
        self.datasets = Datasets(self.raw, self.scratch)
        self.rows: dict[str, RunRows] = {}
        self.evaluations_of_run: dict[str, dict[str, RunEvaluation]] = {}
        self._locks: dict[str, anyio.Lock] = {}

    @asynccontextmanager
    async def turn(self, evaluation_id: str, limit: TimeLimit) -> AsyncIterator[None]:
        """Let one question at a time read an evaluation. Raises Unavailable if time runs out while waiting."""
        lock = self._locks.setdefault(evaluation_id, anyio.Lock())
        with limit.scope() as scope:
            await lock.acquire()
        if scope.cancelled_caught:
            raise Unavailable("Another question is still reading this evaluation. Ask again in a minute.")
        try:
            yield
        finally:
            lock.release()
