"""The API key of a remote server: it appears in no answer, error or log, whatever the server does with it."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from mcp.types import PromptReference
from tests.assistant import Assistant
from tests.e2e.in_process import connect, run
from tests.e2e.stdio import MODERN, Wire

from mcp import MCPError

KEY = "hl_sk_0123456789abcdefSECRET"
PASSWORD = "pa55word-of-the-proxy"


class Telltale(BaseHTTPRequestHandler):
    """Answers every request with its key in all places, in the way that the path of the base URL says."""

    def do_GET(self) -> None:
        """Answer with the key."""
        key = self.headers.get("X-API-KEY", "none")
        way = self.path.split("/")[1]
        seen = {"detail": f"key {key} is bad", "X-API-KEY": key, "headers": str(self.headers), "msg": key[:20]}
        body = json.dumps(seen).encode() if way != "html" else f"<h1>Traceback {key}</h1>".encode()
        self.send_response(200 if way in ("html", "ok") else 302 if way == "moved" else int(way))
        self.send_header("Location", f"http://127.0.0.1:9/{key}")
        self.send_header("X-Debug", key)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name that the base class looks for

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def telltale() -> Iterator[str]:
    """The address of a server that tells the key."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Telltale) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def ask_everything(wire: Wire) -> str:
    """All that the server writes when every way to data is tried."""
    wire.failure("list_evaluations")
    wire.failure("list_runs", evaluation=KEY[:6])
    wire.failure("log_generation", evaluation="x", run="y", datapoint="z", output="o")
    assert "error" in wire.request("resources/read", {"uri": "evals://evaluations/x"})
    reference = {"type": "ref/prompt", "name": "review_evaluation"}
    wire.request("completion/complete", {"ref": reference, "argument": {"name": "evaluation", "value": ""}})
    wire.wait()
    return b"".join(wire.lines).decode() + wire.errors


async def ask_everything_of(assistant: Assistant) -> str:
    """All that a server in process answers when every way to data is tried."""
    said = [
        await assistant.refuse("list_evaluations"),
        await assistant.refuse("list_runs", evaluation=KEY[:6]),
        await assistant.refuse("log_generation", evaluation="x", run="y", datapoint="z", output="o"),
    ]
    with pytest.raises(MCPError) as error:
        await assistant.host.read_resource("evals://evaluations/x")
    reference = PromptReference(name="review_evaluation")
    completed = await assistant.host.complete(reference, {"name": "evaluation", "value": ""})
    return "\n".join([*said, str(error.value.error), str(completed)])


@pytest.mark.anyio
@pytest.mark.parametrize("way", ["401", "404", "422", "500", "moved", "html", "ok"])
async def test_a_server_that_repeats_the_key_does_not_make_it_appear(
    telltale: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, way: str
) -> None:
    """Its error is told without it, also where it is in the body or in a header."""
    async with connect({"HUMANLOOP_BASE_URL": f"http://{telltale}/{way}", "HUMANLOOP_API_KEY": KEY}) as assistant:
        said = await ask_everything_of(assistant)
    said += "".join(capfd.readouterr()) + caplog.text
    assert "SECRET" not in said
    assert KEY[:20] not in said


@pytest.mark.process
def test_over_stdio_the_key_does_not_appear_either(telltale: str) -> None:
    """Neither on stdout nor on stderr."""
    with Wire({"HUMANLOOP_BASE_URL": f"http://{telltale}/500", "HUMANLOOP_API_KEY": KEY}) as wire:
        said = ask_everything(wire)
    assert "SECRET" not in said
    assert KEY[:20] not in said


@pytest.mark.anyio
@pytest.mark.parametrize("mode", [pytest.param("legacy", marks=pytest.mark.slow), MODERN])
async def test_a_refused_connection_is_told_without_key_and_password(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    """Only the host is named."""
    base_url = f"http://someone:{PASSWORD}@127.0.0.1:9/v5"
    async with connect({"HUMANLOOP_BASE_URL": base_url, "HUMANLOOP_API_KEY": KEY}, mode) as assistant:
        said = await assistant.refuse("list_evaluations")
    assert "The server at 127.0.0.1:9 cannot be reached" in said
    said += "".join(capfd.readouterr()) + caplog.text
    assert "SECRET" not in said
    assert PASSWORD not in said


def test_the_command_line_keeps_the_key_too(telltale: str) -> None:
    """Neither a failing call nor a wrong address shows it."""
    for base_url in (f"http://{telltale}/401", f"no address with {KEY}"):
        ended = run(["call", "list_evaluations"], HUMANLOOP_BASE_URL=base_url, HUMANLOOP_API_KEY=KEY)
        assert ended.status == 1
        assert ended.stderr
        assert "SECRET" not in ended.stdout + ended.stderr
