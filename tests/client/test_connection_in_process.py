"""The connection to an application in the same process: when it is opened, and that it is opened once."""

import sys
import threading
from collections.abc import Callable

import anyio
import httpx
import pytest
from fastapi import FastAPI, HTTPException

from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import NotFound, Unavailable

pytestmark = pytest.mark.anyio


class Opening:
    """Opens a small application, counts how often, and fails the first `failures` times."""

    def __init__(self, failures: int = 0) -> None:
        self.threads: list[int] = []
        self.failures = failures
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self) -> FastAPI:
        """Build the application, as soon as the gate is open."""
        self.threads.append(threading.get_ident())
        self.gate.wait(timeout=120)
        if len(self.threads) <= self.failures:
            raise Unavailable("The database is damaged.")
        app = FastAPI()

        @app.get("/v5/evaluations/{evaluation_id}/runs")
        def runs(evaluation_id: str) -> dict[str, list[str]]:
            self.asked.append(evaluation_id)
            if evaluation_id == "evr_busy":
                raise HTTPException(503, "The database is busy.", {"x-evals-mcp": "0.1.0"})
            if evaluation_id == "evr_broken":
                raise RuntimeError("sqlite3.OperationalError: no such table")
            return {"runs": []}

        return app


async def test_nothing_is_opened_before_the_first_call() -> None:
    """Making a client costs nothing; the first call opens the application in another thread."""
    opening = Opening()
    async with EvalsClient(open_app=opening) as client:
        assert opening.threads == []
        assert (await client.runs.list("evr_1")).runs == []
        await client.runs.list("evr_1")
    assert len(opening.threads) == 1
    assert opening.threads[0] != threading.get_ident()


async def test_calls_at_the_same_time_open_once() -> None:
    """Callers that come while the application opens wait for it and share it."""
    opening = Opening()
    opening.gate.clear()
    async with EvalsClient(open_app=opening) as client, anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(client.runs.list, f"evr_{number}")
        await anyio.wait_all_tasks_blocked()
        opening.gate.set()
    assert len(opening.threads) == 1
    assert len(opening.asked) == 20


async def test_a_thread_may_open_before_the_first_call() -> None:
    """`warm` from a plain thread opens for everybody, also for a call that comes meanwhile."""
    opening = Opening()
    opening.gate.clear()
    async with EvalsClient(open_app=opening) as client:
        thread = threading.Thread(target=client.warm)
        thread.start()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.runs.list, "evr_1")
            await anyio.wait_all_tasks_blocked()
            opening.gate.set()
        thread.join()
        client.warm()
        await client.connection.open()
    assert opening.threads == [thread.ident]


async def test_a_failing_opening_is_tried_again_by_the_next_call() -> None:
    """The error of the opening goes to the caller as it is, and is not remembered."""
    opening = Opening(failures=1)
    async with EvalsClient(open_app=opening) as client:
        with pytest.raises(Unavailable, match=r"^The database is damaged\.$"):
            await client.runs.list("evr_1")
        assert (await client.runs.list("evr_1")).runs == []
    assert len(opening.threads) == 2


def test_callers_who_wait_for_a_failing_opening_share_its_error() -> None:
    """One attempt answers everybody who came during it, so that errors do not queue up."""
    opening = Opening(failures=1)
    opening.gate.clear()
    client = EvalsClient(open_app=opening)
    errors: list[str] = []

    def call() -> None:
        with pytest.raises(Unavailable) as caught:
            client.warm()
        errors.append(str(caught.value))

    threads = [threading.Thread(target=call) for _ in range(5)]
    for thread in threads:
        thread.start()
    while sum("result" in _functions(thread) for thread in threads) < 4:
        pass
    opening.gate.set()
    for thread in threads:
        thread.join()
    assert errors == ["The database is damaged."] * 5
    assert len(opening.threads) == 1


def _functions(thread: threading.Thread) -> list[str]:
    """The names of the functions that a thread is in."""
    frame = sys._current_frames().get(thread.ident or 0)
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


async def test_a_cancelled_call_leaves_the_opening_to_the_next() -> None:
    """Whoever gives up waiting does not stop what others need."""
    opening = Opening()
    opening.gate.clear()
    async with EvalsClient(open_app=opening) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.runs.list, "evr_1")
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
            opening.gate.set()
        await client.runs.list("evr_2")
    assert (len(opening.threads), opening.asked) == (1, ["evr_2"])


async def test_an_application_in_process_is_asked_once() -> None:
    """It has no network that could fail and waits by itself, so that errors come at once, in its own words."""
    opening = Opening()
    async with EvalsClient(open_app=opening) as client:
        with pytest.raises(Unavailable, match=r"^The database is busy\.$"):
            await client.runs.list("evr_busy")
    assert opening.asked == ["evr_busy"]


async def test_a_crash_inside_the_application_tells_nothing() -> None:
    """An exception in process is what a 500 is over the network."""
    async with EvalsClient(open_app=Opening()) as client:
        with pytest.raises(Unavailable, match=r"^This server answered 500") as caught:
            await client.runs.list("evr_broken")
        assert (await client.runs.list("evr_1")).runs == []
    assert "sqlite" not in str(caught.value)


async def test_no_id_reaches_another_endpoint() -> None:
    """Ids with slashes, dots only or nothing at all are ids of nothing, and are not sent."""
    opening = Opening()
    async with EvalsClient(open_app=opening) as client:
        for wrong in ("", ".", "..", "evr_1/runs", "../evaluations/evr_1", "\ud800"):
            with pytest.raises(NotFound):
                await client.runs.list(wrong)
        await client.runs.list("a?b=c#d%2Fé ☃\0")
    assert opening.asked == ["a?b=c#d%2Fé ☃\0"]


def test_an_exception_that_is_no_evals_error_leaves_as_it_is() -> None:
    """A bug in opening is not dressed up; the next call tries again."""

    def broken() -> FastAPI:
        raise ZeroDivisionError

    client = EvalsClient(open_app=broken)
    attempts: list[Callable[[], None]] = [client.warm, client.warm]
    for attempt in attempts:
        with pytest.raises(ZeroDivisionError):
            attempt()


async def test_a_transport_replaces_the_network() -> None:
    """Any httpx transport can stand in, such as a mock."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"runs": []})

    async with EvalsClient(transport=httpx.MockTransport(answer)) as client:
        assert (await client.runs.list("evr_1")).runs == []
