"""The connection over real sockets: what is tried again, what is not, and what the errors say."""

import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import anyio
import httpx
import pytest
from pydantic import TypeAdapter

from evals_mcp import __version__
from evals_mcp.client.client import EvalsClient
from evals_mcp.client.urls import Query
from evals_mcp.errors import Conflict, EvalsError, Invalid, NotFound, Unauthorized, Unavailable
from evals_mcp.models.runs import CreateRunRequest

pytestmark = pytest.mark.anyio

KEY = "hl_sk_0123456789abcdef"
RUNS = b'{"runs": []}'


class Answer(NamedTuple):
    """What the server does with one request; status 0 cuts the connection, `held` answers after the test."""

    status: int = 200
    body: bytes = RUNS
    headers: tuple[tuple[str, str], ...] = ()
    held: bool = False


class Request(NamedTuple):
    """What the server got."""

    line: str
    headers: dict[str, str]
    body: bytes


class Server(NamedTuple):
    """A server that plays a script; the last answer is repeated."""

    url: str
    requests: list[Request]


Play = Callable[..., Server]
"""Starts a server that gives the answers in turn."""


@pytest.fixture
def waits() -> list[float]:
    """The seconds that the client waited between tries, without anybody waiting."""
    return []


@pytest.fixture
def connect(waits: list[float]) -> Callable[..., EvalsClient]:
    """Makes a client that does not really sleep, with a key."""

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    def client(
        url: str,
        api_key: str | None = KEY,
        read_timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> EvalsClient:
        return EvalsClient(
            url, api_key, read_timeout=read_timeout, transport=transport, sleep=sleep, clock=lambda: sum(waits)
        )

    return client


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests to this machine go there directly."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def play() -> Iterator[Play]:
    """Starts scripted servers on this machine."""
    servers: list[ThreadingHTTPServer] = []
    over = threading.Event()

    def start(*answers: Answer) -> Server:
        requests: list[Request] = []
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(list(answers), requests, over))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return Server(f"http://127.0.0.1:{server.server_port}", requests)

    yield start
    over.set()
    for server in servers:
        server.shutdown()
        server.server_close()


def _handler(answers: list[Answer], requests: list[Request], over: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {key.lower(): value for key, value in self.headers.items()}
            requests.append(Request(f"{self.command} {self.path}", headers, body))
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if answer.held:
                over.wait(timeout=120)
            if not answer.status:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for key, value in answer.headers:
                self.send_header(key, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = answer  # noqa: N815
        do_POST = answer  # noqa: N815
        do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def untrusted() -> httpx.ConnectError:
    """The error for a server whose certificate nobody vouches for."""
    error = httpx.ConnectError("x")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed certificate")
    return error


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize("end", ["", "/", "/v5", "/v5/", "/v4", "//v5//"])
async def test_a_base_url_may_end_as_it_likes(play: Play, connect: Callable[..., EvalsClient], end: str) -> None:
    """With or without the version and slashes, v5 calls go to `/v5`."""
    server = play(Answer())
    async with connect(server.url + end) as client:
        await client.runs.list("evr_1")
    assert server.requests[0].line == "GET /v5/evaluations/evr_1/runs"


async def test_a_request_carries_the_key_and_a_name(play: Play, connect: Callable[..., EvalsClient]) -> None:
    """The key goes into `X-API-KEY`, without the line break that a file left on it."""
    server = play(Answer())
    async with connect(server.url, KEY + "\n") as client:
        await client.runs.list("evr_1")
    assert server.requests[0].headers["x-api-key"] == KEY
    assert server.requests[0].headers["user-agent"] == f"evals-mcp/{__version__}"


async def test_without_a_key_none_is_sent(play: Play, connect: Callable[..., EvalsClient]) -> None:
    """No key, or an empty one, means no header."""
    server = play(Answer())
    async with connect(server.url, "") as client:
        await client.runs.list("evr_1")
    assert "x-api-key" not in server.requests[0].headers


async def test_a_password_in_the_base_url_is_sent_but_never_shown(
    play: Play, connect: Callable[..., EvalsClient], caplog: pytest.LogCaptureFixture
) -> None:
    """User and password become a header; neither an error nor a log line shows them."""
    server = play(Answer(), Answer(500, b'{"detail": "not for ann:pa ss"}'))
    caplog.set_level(logging.DEBUG)
    async with connect(server.url.replace("//", "//ann:pa%20ss@")) as client:
        await client.runs.list("evr_1")
        with pytest.raises(Unavailable) as caught:
            await client.runs.list("evr_1")
    assert server.requests[0].headers["authorization"] == "Basic YW5uOnBhIHNz"
    assert "pa ss" not in str(caught.value)
    assert "pa%20ss" not in caplog.text + str(caught.value)
    assert KEY not in caplog.text


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_read_is_tried_again_while_the_server_is_busy(
    play: Play, connect: Callable[..., EvalsClient], waits: list[float], status: int
) -> None:
    """Busy answers are waited out, longer each time."""
    server = play(Answer(status), Answer(status), Answer())
    async with connect(server.url) as client:
        assert (await client.runs.list("evr_1")).runs == []
    assert len(server.requests) == 3
    assert [0.25 <= waits[0] <= 0.5, 0.5 <= waits[1] <= 1.0] == [True, True]


async def test_a_read_is_given_up_after_four_tries(
    play: Play, connect: Callable[..., EvalsClient], waits: list[float]
) -> None:
    """A server that stays busy gives an error that names it and its status."""
    server = play(Answer(503, b'{"detail": "Closed for the night."}'))
    async with connect(server.url) as client:
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1:\d+ answered 503: Closed for the night\.") as caught:
            await client.runs.list("evr_1")
    assert (len(server.requests), len(waits), caught.value.status) == (4, 3, 503)
    assert sum(waits) <= 15


async def test_the_server_says_how_long_to_wait(
    play: Play, connect: Callable[..., EvalsClient], waits: list[float]
) -> None:
    """`Retry-After` in seconds replaces the client's own delay."""
    server = play(Answer(429, headers=(("Retry-After", "7"),)), Answer())
    async with connect(server.url) as client:
        await client.runs.list("evr_1")
    assert waits == [7.0]


async def test_the_server_says_when_to_come_back(
    play: Play, connect: Callable[..., EvalsClient], waits: list[float]
) -> None:
    """`Retry-After` as a date that has passed means at once."""
    server = play(Answer(503, headers=(("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"),)), Answer())
    async with connect(server.url) as client:
        await client.runs.list("evr_1")
    assert waits == [0.0]


async def test_nobody_waits_for_longer_than_a_quarter_of_a_minute(
    play: Play, connect: Callable[..., EvalsClient], waits: list[float]
) -> None:
    """A wait that would end too late is not begun; the error says how long the server asked for."""
    server = play(Answer(429, headers=(("Retry-After", "9"),)))
    async with connect(server.url) as client:
        with pytest.raises(Unavailable, match=r"429.*Wait 9 s"):
            await client.runs.list("evr_1")
    assert waits == [9.0]
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_write_that_was_answered_is_never_repeated(
    play: Play, connect: Callable[..., EvalsClient], status: int
) -> None:
    """Whatever the answer, the server gets a write once."""
    server = play(Answer(status))
    async with connect(server.url) as client:
        with pytest.raises(Unavailable):
            await client.runs.create("evr_1", CreateRunRequest())
    assert len(server.requests) == 1


async def test_a_post_that_only_reads_is_tried_again(play: Play, connect: Callable[..., EvalsClient]) -> None:
    """Questions about logs are posted but change nothing, so they count as reads."""
    server = play(Answer(503), Answer(404, b'{"detail": "No file is there."}'))
    async with connect(server.url) as client:
        with pytest.raises(NotFound, match="No file is there"):
            await client.connection.send("POST", ("review", "x", "logs"), TypeAdapter(object), {}, reads=True)
    assert len(server.requests) == 2


async def test_a_refused_connection_is_tried_again_even_for_a_write(
    closed_port: int, connect: Callable[..., EvalsClient], waits: list[float]
) -> None:
    """Nothing was sent, so nothing can happen twice; the error names the host and says what to check."""
    async with connect(f"http://ann:secret@127.0.0.1:{closed_port}") as client:
        with pytest.raises(Unavailable) as caught:
            await client.runs.create("evr_1", CreateRunRequest())
    assert len(waits) == 3
    assert f"127.0.0.1:{closed_port} cannot be reached" in str(caught.value)
    assert "base URL" in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_a_cut_connection_is_tried_again_for_a_read(play: Play, connect: Callable[..., EvalsClient]) -> None:
    """A read whose answer never came is asked for once more."""
    server = play(Answer(0), Answer())
    async with connect(server.url) as client:
        await client.runs.list("evr_1")
    assert len(server.requests) == 2


async def test_a_cut_connection_leaves_a_write_open(play: Play, connect: Callable[..., EvalsClient]) -> None:
    """A write whose answer never came is not repeated, and the error says that it may have succeeded."""
    server = play(Answer(0))
    async with connect(server.url) as client:
        with pytest.raises(Unavailable, match="may have succeeded"):
            await client.runs.create("evr_1", CreateRunRequest())
    assert len(server.requests) == 1


async def test_a_slow_answer_is_not_waited_for_twice(play: Play, connect: Callable[..., EvalsClient]) -> None:
    """The read time-out ends a request for good."""
    server = play(Answer(held=True))
    async with connect(server.url, read_timeout=0.05) as client:
        with pytest.raises(Unavailable, match="did not answer in time"):
            await client.runs.list("evr_1")
    with anyio.fail_after(240):
        while not server.requests:  # noqa: ASYNC110 - it is another thread that reads it
            await anyio.sleep(0.01)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [200, 404, 502])
async def test_a_page_for_people_is_not_the_api(play: Play, connect: Callable[..., EvalsClient], status: int) -> None:
    """HTML from whatever stands at the address is an error that says to check it, and never shown."""
    server = play(Answer(status, b"<html><h1>It works!</h1></html>", (("content-type", "text/html"),)))
    async with connect(server.url) as client:
        with pytest.raises(NotFound if status == 404 else Unavailable) as caught:
            await client.runs.list("evr_1")
    assert "works" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    assert status == 502 or "Check the base URL" in str(caught.value)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b"", b'{"runs": [{"id": 1}]}', b'{"runs": "\xff"}'])
async def test_json_of_another_shape_is_not_the_api(
    play: Play, connect: Callable[..., EvalsClient], body: bytes
) -> None:
    """A good status does not make an answer; the validator's words stay inside."""
    server = play(Answer(200, body))
    async with connect(server.url) as client:
        with pytest.raises(Unavailable, match="did not answer like the Evaluations API") as caught:
            await client.runs.list("evr_1")
    assert "validation" not in str(caught.value)


async def test_a_deletion_answered_by_a_page_did_not_happen(play: Play, connect: Callable[..., EvalsClient]) -> None:
    """An answer that nobody reads must still be JSON or empty."""
    server = play(Answer(200, b"<html>Log in</html>"), Answer(204, b""), Answer(200, b"null"))
    async with connect(server.url) as client:
        with pytest.raises(Unavailable, match="did not answer like the Evaluations API"):
            await client.evaluations.delete("evr_1")
        await client.evaluations.delete("evr_1")
        await client.evaluations.delete("evr_1")


async def test_a_redirection_is_an_error(play: Play, connect: Callable[..., EvalsClient]) -> None:
    """Nothing is followed: the key would go to wherever the answer points."""
    elsewhere = play(Answer())
    server = play(Answer(307, b"", (("Location", f"{elsewhere.url}/v5/evaluations/evr_1/runs"),)))
    async with connect(server.url) as client:
        with pytest.raises(Unavailable, match="redirects"):
            await client.runs.list("evr_1")
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Unauthorized), (403, Unauthorized), (404, NotFound), (409, Conflict), (422, Invalid)]
)
async def test_a_key_that_the_server_repeats_is_redacted(
    play: Play, connect: Callable[..., EvalsClient], status: int, kind: type[EvalsError]
) -> None:
    """The key is in no message, whoever wrote it there."""
    server = play(Answer(status, f'{{"detail": "Key {KEY} may not."}}'.encode()))
    async with connect(server.url) as client:
        with pytest.raises(kind, match=r"Key \*\*\* may not") as caught:
            await client.runs.list("evr_1")
    assert caught.value.status == status


async def test_a_server_that_does_not_speak_http_is_unavailable(connect: Callable[..., EvalsClient]) -> None:
    """Another protocol at the address is an error in words."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)

    async def greet(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.send(b"SSH-2.0-OpenSSH_9.6\r\n")

    async with anyio.create_task_group() as tasks, connect(f"http://127.0.0.1:{port}") as client:
        tasks.start_soon(listener.serve, greet)
        with pytest.raises(Unavailable, match="does not speak HTTP"):
            await client.runs.list("evr_1")
        tasks.cancel_scope.cancel()
    await listener.aclose()


async def test_proxy_settings_that_do_not_work_are_named(
    monkeypatch: pytest.MonkeyPatch, connect: Callable[..., EvalsClient]
) -> None:
    """A proxy of an unknown kind in the environment is an error in words."""
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:70")
    async with connect("http://api.example.com") as client:
        with pytest.raises(Unavailable, match="proxy or certificate settings"):
            await client.runs.list("evr_1")


@pytest.mark.parametrize(
    ("error", "words", "tries"),
    [
        (httpx.ConnectTimeout("x"), "cannot be reached", 4),
        (httpx.PoolTimeout("x"), "did not answer in time", 1),
        (httpx.ProxyError("x"), "through the proxy", 1),
        (httpx.DecodingError("x"), "does not speak HTTP", 4),
        (untrusted(), "certificate that is not trusted", 1),
    ],
)
async def test_each_trouble_has_its_words(
    waits: list[float], connect: Callable[..., EvalsClient], error: httpx.RequestError, words: str, tries: int
) -> None:
    """What cannot get better by itself is not tried again, and no word of the library is shown."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    async with connect("http://api.example.com", transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(Unavailable, match=words):
            await client.runs.list("evr_1")
    assert len(waits) == tries - 1


@pytest.mark.parametrize("key", ["ключ-от-сервера", "one\ntwo", "nul\0"])
def test_a_key_that_no_header_carries_is_refused_without_being_shown(key: str) -> None:
    """A key with other than printable ASCII is refused at once."""
    with pytest.raises(Invalid) as caught:
        EvalsClient("http://127.0.0.1", key)
    assert key not in str(caught.value)


async def test_the_header_of_our_own_server_tells_its_extensions(
    play: Play, connect: Callable[..., EvalsClient]
) -> None:
    """Unknown before the first answer; a gateway's error proves nothing; once seen it stays."""
    server = play(Answer(500), Answer(), Answer(headers=(("x-evals-mcp", "0.1.0"),)), Answer(500))
    seen = []
    async with connect(server.url) as client:
        for status in (500, 200, 200, 500):
            seen.append(client.extended)
            if status == 500:
                with pytest.raises(Unavailable):
                    await client.runs.list("evr_1")
            else:
                await client.runs.list("evr_1")
        seen.append(client.extended)
    assert seen == [None, None, False, True, True]


async def test_a_path_is_given_piece_by_piece_with_a_query(play: Play, connect: Callable[..., EvalsClient]) -> None:
    """Pieces are escaped, lists are repeated, and what is None is left out."""
    server = play(Answer(200, b'{"free": [1, 2]}'))
    async with connect(server.url) as client:
        query: Query = {"page": 2, "run_id": ["x", "y"], "none": None}
        answer = await client.connection.get(("reviews", "a b"), TypeAdapter(dict[str, list[int]]), query)
    assert answer == {"free": [1, 2]}
    assert server.requests[0].line == "GET /v5/reviews/a%20b?page=2&run_id=x&run_id=y"
