"""Refused keys: slowed by their address and told in the log, alike by the API, the pages and MCP."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp
from tests.serving.administration import create_key, revoke_key

from evals_mcp.api.attempts import note_refusal
from evals_mcp.pages.app import COOKIE
from evals_mcp.request_ids import answering, current_request_id
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.refusals import RefusalLimits, RefusalLog, SlowedRefusals
from evals_mcp.serving.serve import listening

pytestmark = pytest.mark.anyio
_WRONG = "evalsmcp_abcdefghijkl_" + "0" * 43


class _Time:
    """A clock, sleeps that end at once, and calls that come when they are asked for."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self.later: list[Callable[[], None]] = []

    async def sleep(self, seconds: float) -> None:
        """Note how long somebody would have waited."""
        self.slept.append(seconds)

    def call_later(self, seconds: float, call: Callable[[], None]) -> None:
        """Keep a call."""
        assert 60 < seconds < 65
        self.later.append(call)

    def pass_a_minute(self) -> None:
        """Go on, and make the calls."""
        self.now += 61
        calls, self.later = self.later, []
        for call in calls:
            call()


def _slowed(
    app: ASGIApp, time: _Time, sleep: Callable[[float], Awaitable[None]] | None = None, **limits: Any
) -> SlowedRefusals:
    log = RefusalLog(time.call_later)
    return SlowedRefusals(app, RefusalLimits(**limits), lambda: time.now, sleep or time.sleep, log)


def _client(app: ASGIApp, address: str = "203.0.113.7", **more: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=(address, 1)), base_url="http://localhost", timeout=240, **more
    )


@contextmanager
def _served(database: Path, time: _Time, **limits: Any) -> Iterator[ASGIApp]:
    """What `serve` serves, with a clock of the test."""
    with listening(ServeOptions(str(database), port=0, slows_refusals=False)) as (app, _):
        yield _slowed(app, time, **limits)


async def test_all_doors_slow_wrong_keys_and_no_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """The first few refusals are at once. A key that works never waits, nor who has none; no secret is in a log."""
    database, time = tmp_path / "evals.db", _Time()
    key = create_key(str(database), None, "ann").secret
    gone = create_key(str(database), None, "ben")
    revoke_key(str(database), "ben")
    with caplog.at_level(logging.WARNING), _served(database, time, free=4) as app:
        async with _client(app) as client:

            async def wrong() -> list[httpx.Response]:
                return [
                    await client.get("/v5/flows", headers={"X-API-KEY": _WRONG}),
                    await client.post("/mcp", json={}, headers={"Authorization": f"Bearer {_WRONG}"}),
                    await client.post("/", data={"key": gone.secret}),
                    await client.get("/logs/log_1", headers={"Cookie": f"{COOKIE}=abcdefghijkl.0"}),
                ]

            first = await wrong()
            assert time.slept == []
            again = await wrong()
            assert time.slept == [1.0] * 4
            for one, other in zip(first, again, strict=True):
                assert (one.status_code, _without_id(one)) == (401, _without_id(other))
            client.cookies.clear()
            assert (await client.get("/v5/flows", headers={"X-API-KEY": key})).status_code == 200
            assert (await client.post("/", data={"key": key})).status_code == 303
            client.cookies.clear()
            for path in ("/", "/v5/flows", "/mcp"):
                assert (await client.get(path)).status_code == 401
        async with _client(app, "203.0.113.8") as neighbour:
            assert (await neighbour.get("/v5/flows", headers={"X-API-KEY": _WRONG})).status_code == 401
        assert len(time.slept) == 4
        time.pass_a_minute()
    told = [record.getMessage() for record in caplog.records if "Refused" in record.getMessage()]
    key_id = "; the last one that looks like ours has the id abcdefghijkl."
    assert told == [
        "Refused: an API key, unknown or revoked: 1 from 203.0.113.7" + key_id,
        "Refused: the cookie of a page: 1 from 203.0.113.7" + key_id,
        "Refused: an API key, unknown or revoked: 6, 5 of them from 203.0.113.7" + key_id,
        "Refused: the cookie of a page: 1 from 203.0.113.7" + key_id,
    ]
    assert "0" * 43 not in caplog.text + "".join(capfd.readouterr())
    assert gone.secret.rpartition("_")[2] not in caplog.text


async def _refuse(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/wrong":
        note_refusal("an API key, unknown or revoked")
        await PlainTextResponse("no", 401)(scope, receive, send)
    else:
        await PlainTextResponse("yes")(scope, receive, send)


async def test_few_wait_at_once_and_none_for_ever() -> None:
    """Beyond a bound of an address, and one of all, the answer is 429 and says when to try again; others go on."""
    time, released = _Time(), anyio.Event()

    async def sleep(_: float) -> None:
        await released.wait()

    app = _slowed(_refuse, time, sleep, free=0, most_of_address=2, most=3)
    statuses: list[int] = []

    async def ask(address: str, path: str = "/wrong") -> httpx.Response:
        async with _client(app, address) as client:
            answer = await client.get(path)
            statuses.append(answer.status_code)
            return answer

    async with anyio.create_task_group() as tasks:
        for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
            tasks.start_soon(ask, address)
        await anyio.wait_all_tasks_blocked()
        assert statuses == []
        time.now += 20.5
        for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
            refused = await ask(address)
            assert refused.status_code == 429
            assert refused.headers["Retry-After"] in refused.json()["detail"]
        assert (await ask("192.0.2.1")).headers["Retry-After"] == "40"
        assert (await ask("192.0.2.1", "/right")).text == "yes"
        released.set()
    assert sorted(statuses) == [200, 401, 401, 401, 429, 429, 429, 429]
    assert (await ask("192.0.2.1")).status_code == 401


async def test_a_minute_later_refusals_are_at_once_again() -> None:
    """And the addresses of one IPv6 site are one, however they are written."""
    time = _Time()
    app = _slowed(_refuse, time, free=1)
    for address in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "::ffff:192.0.2.1", "192.0.2.1", "unix"):
        async with _client(app, address) as client:
            assert (await client.get("/wrong")).status_code == 401
    assert time.slept == [1.0, 1.0]
    time.now += 60
    async with _client(app, "2001:db8:0:1::3") as client:
        await client.get("/wrong")
    assert len(time.slept) == 2


async def test_a_later_line_of_many_refusals_has_no_id_of_the_first_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would lead whoever looks for it to a request that the line does not tell of."""
    monkeypatch.setattr("evals_mcp.serving.refusals._SECONDS_BETWEEN_LINES", 0.0)
    ids: list[str | None] = []
    second = anyio.Event()

    def keep(_: logging.LogRecord) -> bool:
        ids.append(current_request_id())
        if len(ids) == 2:
            second.set()
        return True

    logger = logging.getLogger("evals_mcp.serving.refusals")
    logger.addFilter(keep)
    try:
        log = RefusalLog()
        with answering("the-first"):
            log.note("an API key", "192.0.2.1", None)
        with answering("the-second"):
            log.note("an API key", "192.0.2.1", None)
        await second.wait()
    finally:
        logger.removeFilter(keep)
    assert ids == ["the-first", None]


def _without_id(answer: httpx.Response) -> str:
    """The body of an answer, which tells its request's own id to whoever can quote it."""
    return answer.text.replace(answer.headers["X-Request-ID"], "")
