"""Work that outlasts its call: its result waits for the next call, but not for ever."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from evals_mcp.lookup import background
from evals_mcp.lookup.background import Background, Report, Unfinished

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the server."""
    return "asyncio"


def _work(result: int, started: list[int], until: asyncio.Event | None = None) -> Callable[[Report], Awaitable[int]]:
    async def work(report: Report) -> int:
        started.append(result)
        if until is not None:
            await until.wait()
        return result

    return work


async def _leave(jobs: Background, key: int, started: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Start work with a call that does not wait for it, and let it end."""
    until = asyncio.Event()
    with monkeypatch.context() as patch:
        patch.setattr(background, "SECONDS", 0)
        assert isinstance(await jobs.wait(key, _work(key, started, until), None), Unfinished)
    until.set()
    for _ in range(10):
        await asyncio.sleep(0)


async def test_results_that_nobody_fetches_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last ones wait, also without a further call; the others are worked out again."""
    jobs, started = Background(), list[int]()
    for key in range(50):
        await _leave(jobs, key, started, monkeypatch)
    assert started == list(range(50))
    assert len(jobs._jobs) == 20
    assert [await jobs.wait(key, _work(key, started), None) for key in range(50)] == list(range(50))
    assert started == [*range(50), *range(30)]
    assert not jobs._jobs


async def test_a_result_that_is_not_fetched_in_time_is_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the key of the next call."""
    jobs, started = Background(), list[int]()
    await _leave(jobs, 1, started, monkeypatch)
    monkeypatch.setattr(background, "_SECONDS_KEPT", -1.0)
    assert await jobs.wait(2, _work(2, started), None) == 2
    assert not jobs._jobs
    assert await jobs.wait(1, _work(1, started), None) == 1
    assert started == [1, 2, 1]
