"""Progress: whatever takes over a second tells the host that it is still running."""

import re
import threading
from typing import Any

import anyio
import pytest

from evals_mcp.client.client import EvalsClient
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.mcp.progress import reported
from evals_mcp.mcp.server import EvalsServer
from evals_mcp.steps import told as steps_of
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
        with anyio.fail_after(240):
            result = await client.call_tool("slow", {}, progress_callback=note)
    assert getattr(result.content[0], "text", "") == "done"
    counted = [progress for progress, _, _ in told]
    assert counted == sorted(set(counted))
    assert counted[-1] < 1
    assert [words for _, _, words in told[:3]] == ["Running for 1 s.", "Running for 2 s.", "Running for 3 s."]


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_a_slow_computation_reports_its_steps(monkeypatch: pytest.MonkeyPatch, mode: Any) -> None:
    """From the thread that computes, of how many; each is more than the one before, and less than the next step."""
    monkeypatch.setattr("evals_mcp.mcp.progress._INTERVAL", 0.01)
    heard = {step: threading.Event() for step in range(1, 4)}
    told: list[tuple[float, float | None, str]] = []

    def compute() -> None:
        for step in steps_of([1, 2, 3], "Comparing run"):
            assert list(steps_of("ab", "Reading run")) == ["a", "b"]  # parts of a step are none of their own
            assert heard[step].wait(240)

    async def slow(lookup: Lookup) -> str:
        """Compute in steps, each of which takes until the host has heard of it twice."""
        await anyio.to_thread.run_sync(compute)
        return "done"

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message or ""))
        for step, event in heard.items():
            if sum(f"run {step} of 3." in words for _, _, words in told) == 2:
                event.set()

    server = EvalsServer([Tool(function=slow, title="Slow")], EvalsClient(), None, 4_000)
    async with Client(server, mode=mode) as client:
        with anyio.fail_after(90):
            await client.call_tool("slow", {}, progress_callback=note)
    amounts = [amount for amount, _, _ in told]
    assert amounts == sorted(set(amounts))
    for amount, total, words in told:
        if words.startswith("Comparing"):
            found = re.fullmatch(r"Comparing run (\d) of 3\. Running for \d+ s\.", words)
            assert found is not None, words
            assert int(found[1]) - 1 <= amount < int(found[1])
            assert total == 3


async def test_work_of_several_parts_goes_on_from_part_to_part() -> None:
    """What counts from the start again is added to what was told; what is no more than that is not told."""
    told: list[tuple[float, float | None, str | None]] = []

    class Host:
        async def report_progress(self, progress: float, total: float | None, message: str | None) -> None:
            told.append((progress, total, message))

    async with reported(Host()) as progress:
        for amount, total, words in (
            (5, 10, "a"),
            (5, 10, "a"),
            (10, 10, "a"),
            (2, 4, "b"),
            (4, 4, "b"),
            (0, None, "c"),
        ):
            await progress(amount, total, words)
    assert told == [(5, 10, "a"), (10, 10, "a"), (12, 14, "b"), (14, 14, "b")]


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
