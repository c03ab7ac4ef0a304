"""Statistics that wait a moment for judgments that are on their way."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from tests.api.v5_calls import V5, Evaluated, evaluated

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.store.store import open_store

pytestmark = pytest.mark.anyio

_FOR_EVER = 1000.0


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.now


class AwaitedRun:
    """The API with a patience, its clock, and an evaluation with one run."""

    def __init__(self, v5: V5, clock: Clock, made: Evaluated) -> None:
        self.v5 = v5
        self.clock = clock
        self.made = made

    async def status(self) -> str:
        """What the statistics say of the run, which must be answered soon."""
        with anyio.fail_after(240):
            stats = await self.v5.ok("GET", f"/evaluations/{self.made.evaluation['id']}/stats")
        return str(stats["run_stats"][0]["status"])

    async def log_all(self) -> list[str]:
        """The ids of a log for each datapoint."""
        return [await self.v5.log(self.made.run, point) for point in self.made.dataset["datapoints"]]


@asynccontextmanager
async def _awaited_run(path: Path, patience: float) -> AsyncIterator[AwaitedRun]:
    clock = Clock()
    store = open_store(str(path / "evals.db"), None, clock)
    transport = httpx.ASGITransport(create_app(OpenAccess(store), patience=patience))
    async with httpx.AsyncClient(transport=transport, base_url="http://api", timeout=100) as client:
        v5 = V5(client)
        yield AwaitedRun(v5, clock, await evaluated(v5))
    store.close()


async def test_the_last_judgments_are_waited_for(tmp_path: Path) -> None:
    """An answer that was asked for before them has them."""
    found: list[Any] = []
    async with _awaited_run(tmp_path, _FOR_EVER) as awaited:
        log_ids = await awaited.log_all()

        async def ask() -> None:
            found.append(await awaited.status())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            for log_id in log_ids:
                await awaited.v5.judge(log_id, 1)
    assert found == ["completed"]


async def test_what_may_never_come_is_not_waited_for(tmp_path: Path) -> None:
    """Logs that are missing, judgments that did not come lately, and runs that were closed are answered as they are."""
    async with _awaited_run(tmp_path, _FOR_EVER) as awaited:
        assert await awaited.status() == "running"
        log_ids = await awaited.log_all()
        awaited.clock.now += timedelta(minutes=1)
        assert await awaited.status() == "running"
        await awaited.v5.judge(log_ids[0], 1)
        path = f"/evaluations/{awaited.made.evaluation['id']}/runs/{awaited.made.run['id']}"
        await awaited.v5.ok("PATCH", path, {"status": "cancelled"})
        assert await awaited.status() == "cancelled"


async def test_patience_ends(tmp_path: Path) -> None:
    """Then the answer is what is there."""
    async with _awaited_run(tmp_path, 0.01) as awaited:
        await awaited.log_all()
        assert await awaited.status() == "running"


async def test_an_unknown_evaluation_is_404(tmp_path: Path) -> None:
    """At once."""
    async with _awaited_run(tmp_path, _FOR_EVER) as awaited:
        await awaited.v5.refused(404, "GET", "/evaluations/none/stats")
