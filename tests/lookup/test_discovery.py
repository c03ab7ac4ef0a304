"""Whether a server has the extension is seen from its answers, whatever a server without it says to unknown routes."""

import pytest
from fastapi import FastAPI
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.documented_only import DocumentedOnly, mirror_of
from tests.small_evaluations import make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import EvalsError, Unauthorized
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.tools.get_logs import get_logs
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio
PAGE, LOGS = 5, 8


class Answers:
    """A documented API that answers requests of which the address holds `part` in its own way."""

    def __init__(self, app: ASGIApp, part: str, answer: ASGIApp) -> None:
        self._app = DocumentedOnly(app)
        self._part = part
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in its own way, or as the application does."""
        address = f"{scope['path']}?{scope['query_string'].decode()}"
        await (self._answer if self._part in address else self._app)(scope, receive, send)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The application is filled once for all tests, so the loop stays."""
    return "asyncio"


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mirror reads few logs at a time."""
    monkeypatch.setattr("evals_mcp.mirror.run_rows.PAGE", PAGE)


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """The API over one run whose logs take two pages."""
    app: FastAPI = open_embedded_app(str(tmp_path_factory.mktemp("discovery") / "evals.db"))
    client = EvalsClient(open_app=lambda: app)
    small = await make_evaluation(client, correct={"return_type": "boolean"})
    await small.run("only", [("question", {}) for _ in range(LOGS)])
    return app


def lookup_of(app: ASGIApp, part: str, answer: ASGIApp) -> Lookup:
    """A lookup in a server that answers so."""
    client = EvalsClient(open_app=lambda: Answers(app, part, answer))
    return Lookup(client, mirror=mirror_of(client))


@pytest.mark.parametrize(
    "answer",
    [
        HTMLResponse("<h1>Not here</h1>", 404),
        HTMLResponse("<html>an app for people</html>"),
        JSONResponse({"anything": "else"}),
        JSONResponse({"detail": "Method Not Allowed"}, 405),
        JSONResponse({"detail": "unknown route"}, 401),
        PlainTextResponse("forbidden", 403),
        PlainTextResponse("what?", 400),
        JSONResponse({"detail": []}, 422),
        PlainTextResponse("not implemented", 501),
        PlainTextResponse("oops", 500),
        RedirectResponse("/login"),
        Response(status_code=204),
        Response(status_code=410),
    ],
    ids=lambda answer: f"{answer.status_code} {answer.media_type}",
)
async def test_whatever_an_unknown_route_is_answered_with_the_documented_ones_do(
    app: ASGIApp, answer: Response
) -> None:
    """The extension is not there, so the pages are read through a mirror."""
    lookup = lookup_of(app, "/v5/review", answer)
    assert f"{LOGS} logs, newest first" in await get_logs(lookup, "Small", limit=1)
    assert lookup.client.extended is False


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_server_that_is_too_busy_says_nothing_of_its_extension(app: ASGIApp, status: int) -> None:
    """Then nothing is paged through in its place, and the next question finds out."""
    lookup = lookup_of(app, "/v5/review", Response(status_code=status, headers={"Retry-After": "30"}))
    with pytest.raises(EvalsError, match=rf"^This server answered {status}: .* Wait 30 s before you retry\.$"):
        await get_logs(lookup, "Small", limit=1)
    assert lookup.client.extended is None


async def test_a_key_that_is_refused_everywhere_is_said_to_be_wrong(app: ASGIApp) -> None:
    """The documented route says the same once more, and that is the answer."""
    lookup = lookup_of(app, "/v5/", JSONResponse({"detail": "bad key"}, 401))
    with pytest.raises(Unauthorized, match="answered 401: bad key"):
        await get_logs(lookup, "Small")


async def broken_off(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the beginning of a page."""
    start: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
    await send(start)
    await send({"type": "http.response.body", "body": b'{"records": [{"id": "log_'})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (PlainTextResponse("oops", 500), "answered 500: Try again later, or check the server."),
        (Response(status_code=429, headers={"Retry-After": "7"}), "answered 429: .* Wait 7 s before you retry."),
        (JSONResponse({"records": 1}), "did not answer like the Evaluations API. Check the base URL."),
        (broken_off, "did not answer like the Evaluations API. Check the base URL."),
    ],
    ids=["500", "429", "another shape", "half a page"],
)
async def test_a_page_that_fails_is_one_sentence_and_no_answer(app: ASGIApp, answer: ASGIApp, said: str) -> None:
    """Half of the runs are not taken for all of them."""
    with pytest.raises(EvalsError, match=said) as caught:
        await get_logs(lookup_of(app, "/runs", answer), "Small")
    assert "\n" not in str(caught.value)
