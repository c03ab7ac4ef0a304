"""The runner that refuses: which sentences it leaves where. That it is woken is tested with the routes."""

from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from tests.api.v5_calls import V5

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess
from evals_mcp.store.store import Store, open_store

pytestmark = pytest.mark.anyio


class _Note:
    """A runner that only remembers what it was woken for."""

    def __init__(self) -> None:
        self.woken: list[str] = []

    def wake(self, store: Store, run_ids: Sequence[str]) -> None:
        """Remember."""
        self.woken += run_ids


async def test_another_runner_takes_its_place(tmp_path: Path) -> None:
    """The API knows only that there is one: a run of a server that will work on it stays open."""
    store, runner = open_store(str(tmp_path / "evals.db")), _Note()
    transport = httpx.ASGITransport(create_app(OpenAccess(store), runner=runner), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        v5 = V5(client)
        await v5.prompt()
        await v5.dataset()
        evaluation = await v5.evaluation()
        run = await v5.run(evaluation, orchestrated=True)
        assert runner.woken == [run["id"]]
        assert await v5.status(evaluation, run) == "running"
        assert (await v5.ok("GET", f"/evaluations/{evaluation['id']}/logs"))["total"] == 0
        await v5.log()
        assert runner.woken == [run["id"]]
    store.close()
