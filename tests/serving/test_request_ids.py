"""Every request has an id, which its answer, its errors and the log repeat."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from tests.serving.administration import create_key
from tests.serving.mcp_clients import message
from tests.serving.served_here import served

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import Grant
from evals_mcp.api.middleware.request_ids import RequestIds
from evals_mcp.request_ids import current_request_id

pytestmark = pytest.mark.anyio
_LOG = {"path": "a", "flow": {"attributes": {}}, "output": "x"}
_MADE = "[0-9a-f]{16}"


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The path of a SQLite file that is not there yet."""
    return str(tmp_path / "evals.db")


class _Broken:
    """An access with a bug."""

    async def grant(self, key: str | None) -> Grant:
        raise RuntimeError(f"a bug in {current_request_id()}")

    def check(self) -> None:
        raise RuntimeError("a bug")


async def _ask(app: Any, path: str = "/v5/flows", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(RequestIds(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_answers_errors_and_the_log_have_the_same_id(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Made by the server, or taken from the caller; of a refused key too, and of what is no route."""
    made = create_key(database, None, "ci")
    keyed = {"X-API-KEY": made.secret}
    body, headers = message("2026-07-28", "tools/list")
    with served(database) as url, httpx.Client(base_url=url, timeout=240) as client:
        answers = [
            client.get("/v5/flows", headers=keyed),
            client.get("/v5/flows", headers={**keyed, "X-Request-ID": "from-proxy.1"}),
            client.post("/v5/flows/log", headers={**keyed, "Idempotency-Key": "once.1"}, json=_LOG),
            client.get("/v5/flows"),
            client.get("/v5/nothing", headers=keyed),
            client.post("/v5/flows", headers=keyed, json={"path": 1}),
            client.post("/mcp", headers=headers, json=body),
            client.get("/health"),
        ]
        journal = client.get("/v5/journal", headers=keyed).json()["records"]
    ids = [answer.headers["X-Request-ID"] for answer in answers]
    assert ids[1:3] == ["from-proxy.1", "once.1"]
    assert all(re.fullmatch(_MADE, id) for id in ids[:1] + ids[3:])
    assert [line.rsplit(" ")[-1] for line in capsys.readouterr().err.splitlines()[: len(ids)]] == ids
    for answer, id in zip(answers, ids, strict=True):
        assert answer.is_success or answer.json()["request_id"] == id
        for_hosts = ["jsonrpc", "id", "error"] if answer.request.url.path == "/mcp" else []
        assert answer.is_success or list(answer.json()) == ["detail", *for_hosts, "request_id"]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 401, 404, 422, 401, 200]
    assert len(journal) == 1


@pytest.mark.parametrize(
    "given", ["", "a b", "a\tb", 'a"b', "a\\n", "x" * 129, "evalsmcp_" + "a" * 50, "sk-" + "a1B2" * 6, "{jndi:x}"]
)
async def test_what_could_harm_a_log_is_no_id(given: str) -> None:
    """Neither a key that somebody put there; the server then makes one."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": (current_request_id() or "").encode()})

    found = await _ask(answer, X_Request_ID=given)
    assert re.fullmatch(_MADE, found.headers["x-request-id"])
    assert found.text == found.headers["x-request-id"]


async def test_an_unexpected_error_has_the_id_in_answer_and_log(caplog: pytest.LogCaptureFixture) -> None:
    """Of the API, and of what stands before it; the traceback is logged once."""

    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("another bug")

    for app in (create_app(_Broken()), fail):
        caplog.clear()
        found = await _ask(app, X_Request_ID="quoted-1")
        assert found.status_code == 500
        assert found.json() == {
            "detail": "Internal error quoted-1. See the server's log.",
            "request_id": "quoted-1",
        }
        (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert "Internal error quoted-1 in GET '/v5/flows'" in record.getMessage()
        assert record.exc_info is not None


async def test_an_answer_that_breaks_off_is_not_completed() -> None:
    """The client must not take half of an answer for all of it."""

    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        await _ask(fail)


async def test_bodies_that_are_no_errors_of_ours_stay_as_they_are() -> None:
    """Errors of JSON-RPC, texts, and answers in parts."""
    bodies = [(b'{"jsonrpc":"2.0","error":{}}',), (b'{"detail":"a', b'b"}'), (b"[1]",), (b"",)]

    for parts in bodies:

        async def answer(scope: Scope, receive: Receive, send: Send, parts: tuple[bytes, ...] = parts) -> None:
            head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(b"".join(parts)))]
            await send({"type": "http.response.start", "status": 400, "headers": head})
            for at, part in enumerate(parts):
                await send({"type": "http.response.body", "body": part, "more_body": at + 1 < len(parts)})

        found = await _ask(answer)
        assert found.content == b"".join(parts)
        assert found.headers["content-length"] == str(len(found.content))
        assert json.dumps(found.headers["x-request-id"])
