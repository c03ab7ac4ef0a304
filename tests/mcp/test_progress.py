"""Progress: whatever takes over a second tells the host that it is still running."""

from typing import Any

import anyio
import pytest

from evals_mcp.client.client import EvalsClient
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.mcp.progress import reported
from evals_mcp.mcp.server import EvalsServer
from evals_mcp.tools.tool import Tool
from mcp import Client

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_a_slow_call_reports_that_it_is_running(monkeypatch: pytest.MonkeyPatch, mode: Any) -> None:
    """Each report counts on, and the call goes on to its answer."""
    monkeypatch.setattr("evals_mcp.mcp.progress._INTERVAL", 0.01)
    enough = anyio.Event()
    told: list[tuple[float, float | None, str | None]] = []

    async def slow(lookup: Lookup) -> str:
        """Wait for what the host is told."""
        await enough.wait()
        return "done"

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))
        if len(told) == 3:
            enough.set()

    server = EvalsServer([Tool(function=slow, title="Slow")], EvalsClient(), None, 4_000)
    async with Client(server, mode=mode) as client:
        with anyio.fail_after(60):
            result = await client.call_tool("slow", {}, progress_callback=note)
    assert getattr(result.content[0], "text", "") == "done"
    counted = [progress for progress, _, _ in told]
    assert counted == sorted(set(counted))
    assert counted[-1] < 1
    assert [words for _, _, words in told[:3]] == ["Running for 1 s.", "Running for 2 s.", "Running for 3 s."]


async def test_a_call_that_reports_itself_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its numbers and ours would contradict each other."""
    monkeypatch.setattr("evals_mcp.mcp.progress._INTERVAL", 0.001)
    told: list[tuple[float, float | None, str | None]] = []

    class Host:
        async def report_progress(self, progress: float, total: float | None, message: str | None) -> None:
            told.append((progress, total, message))

    async with reported(Host()) as progress:
        await progress(5, 10, "5 of 10 logs read")
        await anyio.sleep(0.05)
    await anyio.sleep(0.05)
    assert told == [(5, 10, "5 of 10 logs read")]
