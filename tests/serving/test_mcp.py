"""MCP over HTTP: `serve` answers assistants at /mcp as the server on stdio does, for those who have a key."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from anyio import to_thread
from mcp.server.mcpserver import MCPServer
from starlette.responses import PlainTextResponse
from tests.serving.administration import create_key
from tests.serving.mcp_clients import ERAS, JSON, Era, mcp_client, message, words
from tests.serving.served_here import served

from evals_mcp.api.middleware.bodies import BodyGuard
from evals_mcp.config import Settings
from evals_mcp.mcp.over_http import LARGEST_MESSAGE, Guest, McpOverHttp
from evals_mcp.models.json_values import MOST_VALUES
from evals_mcp.serving.serve import http_server
from evals_mcp.wiring import build_mcp_server
from mcp import Client, MCPError

pytestmark = pytest.mark.anyio
SAMPLE = "Which prompt answers tickets"
eras = pytest.mark.parametrize("era", ERAS)
newest = pytest.mark.parametrize("era", [pytest.param("legacy", marks=pytest.mark.slow), "2026-07-28"])
"""Both eras too, the earlier one with tests/slow."""


@pytest.fixture
def database(sample_copy: Path) -> str:
    """The sample evaluation, for one test."""
    return str(sample_copy)


def _get(url: str, **more: Any) -> httpx.Response:
    return httpx.get(url, timeout=240, **more)


def _options(url: str, headers: dict[str, str]) -> httpx.Response:
    return httpx.options(f"{url}/mcp", headers=headers, timeout=240)


def _post(url: str, body: Any, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(f"{url}/mcp", json=body, headers=headers, timeout=240)


@eras
async def test_an_assistant_gets_what_it_gets_on_stdio(database: str, era: Era) -> None:
    """Tools but the one that reads files of this machine, answers, resources, prompts, the skill and the views."""
    key = create_key(database, None, "ann").secret
    with served(database) as url:
        async with (
            mcp_client(url, era, X_API_KEY=key) as remote,
            Client(build_mcp_server(Settings(database=database)), mode=era) as local,
        ):
            expected = [tool for tool in (await local.list_tools()).tools if tool.name != "import_results"]
            assert (await remote.list_tools()).tools == expected
            assert "import_results" not in (remote.instructions or "")
            for tool, arguments in (
                ("list_runs", {"evaluation": SAMPLE}),
                ("compare_runs", {"evaluation": SAMPLE}),
                ("query", {"evaluation": SAMPLE, "sql": "SELECT count(*) FROM logs"}),
                ("list_runs", {"evaluation": "nothing"}),
            ):
                assert await words(remote, tool, **arguments) == await words(local, tool, **arguments)
            assert "There is no tool" in await words(remote, "import_results", path="sample")
            assert (await remote.list_resources()).resources == (await local.list_resources()).resources
            prompts = [prompt.name for prompt in (await remote.list_prompts()).prompts]
            assert prompts == [prompt.name for prompt in (await local.list_prompts()).prompts]
            for address in ("skill://review-evaluations/SKILL.md", "ui://evals/comparison"):
                assert (await remote.read_resource(address)).contents == (await local.read_resource(address)).contents


@newest
async def test_a_key_that_only_reads_has_no_tools_that_write(database: str, era: Era) -> None:
    """The same for every key of a server that only reads; and no call gets around the list."""
    writer = create_key(database, None, "ann").secret
    reader = create_key(database, None, "dashboard", read_only=True).secret
    with served(database) as url, served(database, read_only=True) as reading:
        for address, key in ((url, reader), (reading, reader), (reading, writer)):
            async with mcp_client(address, era, Authorization=f"Bearer {key}") as client:
                tools = (await client.list_tools()).tools
                assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
                refused = await words(client, "set_up_run", evaluation="new")
                assert "There is no tool" in refused
                weak = "Your key or sign-in may read, not write: this needs the role `write`."
                assert (weak if address == url else "It writes, and this server is read-only.") in refused
        async with mcp_client(url, era, Authorization=f"bearer {writer}") as client:
            assert "set_up_run" in [tool.name for tool in (await client.list_tools()).tools]


@newest
async def test_what_is_written_is_the_keys_persons(database: str, era: Era, capfd: pytest.CaptureFixture[str]) -> None:
    """In the journal and as the author of labels, for each of two people at one server; keys are in no log."""
    keys = {name: create_key(database, None, name) for name in ("zoe", "yan")}
    with served(database) as url:
        first = {"X-API-KEY": keys["zoe"].secret}
        (prompt, *_) = _get(f"{url}/v5/prompts", headers=first).json()["records"]
        (log, *_) = _get(f"{url}/v5/logs", params={"file_id": prompt["id"], "size": 1}, headers=first).json()["records"]
        for name, key in keys.items():
            async with mcp_client(url, era, X_API_KEY=key.secret) as client:
                labelled = {"evaluation": SAMPLE, "logs": [log["id"]], "evaluator": "fine:boolean", "judgment": "true"}
                assert "Undo:" in await words(client, "label_logs", **labelled, kind="human")
                authors = "SELECT DISTINCT author FROM judgments WHERE author IS NOT NULL"
                rows = await words(client, "query", evaluation=SAMPLE, sql=authors)
                assert name in rows
        entries = _get(f"{url}/v5/journal", headers=first).json()["records"]
    assert [(entry["actor"], entry["tool"]) for entry in entries[:2]] == [("yan", "label_logs"), ("zoe", "label_logs")]
    logged = "".join(capfd.readouterr())
    for key in keys.values():
        assert re.search(rf" {key.key.id} POST /mcp 200 \d+ms \w+ label_logs answer\n", logged)
        assert key.secret.rpartition("_")[2] not in logged


def test_a_request_needs_a_key(database: str) -> None:
    """The answer says how to send one, before the body is read; there is no stream to open without a request."""
    key = create_key(database, None, "ann").secret
    body, headers = message("2026-07-28", "tools/list")
    with served(database) as url:
        missing = _post(url, body, headers)
        unknown = _post(url, body, {**headers, "Authorization": f"Bearer {key}x"})
        large = _post(url, "x" * (LARGEST_MESSAGE + 1), headers)
        for refused in (missing, unknown, large, _get(f"{url}/mcp"), _post(url, body, {"Authorization": key})):
            assert refused.status_code == 401
            assert refused.headers["WWW-Authenticate"].startswith("Bearer ")
        assert "`Authorization: Bearer KEY`" in missing.json()["detail"]
        assert "unknown or revoked" in unknown.json()["detail"]
        known = {**headers, "X-API-KEY": key}
        answered = _post(url, body, known)
        assert (answered.status_code, answered.headers["Content-Type"]) == (200, JSON)
        assert _get(f"{url}/mcp", headers=known).status_code == 405
        assert _post(url, "x" * (LARGEST_MESSAGE + 1), known).status_code == 413
        many = _post(url, [[]] * MOST_VALUES, known)
        assert (many.status_code, "JSON values" in many.json()["error"]["message"]) == (413, True)
        assert _get(f"{url}/v5/flows").status_code == 401


def test_a_page_of_any_origin_may_send_a_key(database: str) -> None:
    """As clients in browsers do; what refuses it can be read there, too. Nothing but `/mcp` answers such pages."""
    page = {"Origin": "https://inspector.example"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key,mcp-method"}
    key = create_key(database, None, "ann").secret
    body, headers = message("2026-07-28", "tools/list")
    with served(database) as url:
        allowed = _options(url, page | asked)
        assert (allowed.status_code, allowed.headers["Access-Control-Allow-Origin"]) == (200, "*")
        assert "x-api-key" in allowed.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in allowed.headers
        missing = _post(url, body, headers | page)
        answered = _post(url, body, {**headers, **page, "X-API-KEY": key})
        for status, answer in ((401, missing), (200, answered)):
            assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")
            assert "Mcp-Session-Id" in answer.headers["Access-Control-Expose-Headers"]
        other = _get(f"{url}/v5/flows", headers={**page, "X-API-KEY": key})
        assert (other.status_code, "Access-Control-Allow-Origin" in other.headers) == (200, False)


@eras
async def test_without_keys_only_this_machine_is_answered(database: str, era: Era) -> None:
    """A web page reaches nothing by a name that leads here."""
    body, headers = message(era, "tools/list")
    with served(database) as url:
        assert _post(url, body, headers).status_code == 200
        assert _post(url, body, {**headers, "Origin": "http://localhost:3000"}).status_code == 200
        assert _post(url, body, {**headers, "Host": "evil.example"}).status_code == 403
        evil = {**headers, "Origin": "https://evil.example"}
        for refused in (_post(url, body, evil), _options(url, evil)):
            assert (refused.status_code, "Access-Control-Allow-Origin" in refused.headers) == (403, False)
        async with mcp_client(url, era) as client:
            assert "set_up_run" in [tool.name for tool in (await client.list_tools()).tools]
            made = await words(client, "set_up_run", evaluation="mine", attributes='{"a": 1}', version="v1")
            assert "Undo:" in made


@newest
async def test_answers_have_the_tokens_of_the_setting(database: str, era: Era) -> None:
    """The schema tells the default, and an answer keeps to it unless the call sets its own."""
    with served(database, max_tokens=300) as url:
        async with mcp_client(url, era) as client:
            (listed,) = (tool for tool in (await client.list_tools()).tools if tool.name == "compare_runs")
            assert "default 300;" in listed.input_schema["properties"]["max_tokens"]["description"]
            short = await words(client, "compare_runs", evaluation=SAMPLE)
            assert len(short) < len(await words(client, "compare_runs", evaluation=SAMPLE, max_tokens=2_000)) / 2


@pytest.mark.parametrize(
    ("era", "agent", "setting", "actor"),
    [
        ("legacy", "claude-code/2.1.329 (cli)", None, "claude-code"),
        pytest.param("2026-07-28", "claude-code/2.1.329 (cli)", None, "test", marks=pytest.mark.slow),
        pytest.param("legacy", "claude-code/2.1.329 (cli)", "ida", "ida", marks=pytest.mark.slow),
        pytest.param("legacy", "python-httpx/0.28.1", None, None, marks=pytest.mark.slow),
    ],
)
def test_without_keys_a_write_is_of_whom_the_request_names(
    database: str, era: Era, agent: str, setting: str | None, actor: str | None
) -> None:
    """The person of the setting, else the host; before 2026-07-28, a request has its User-Agent alone."""
    arguments = {"evaluation": "mine", "attributes": '{"a": 1}', "version": "v1"}
    body, headers = message(era, "tools/call", name="set_up_run", arguments=arguments)
    with served(database, actor=setting) as url:
        done = _post(url, body, {**headers, "User-Agent": agent})
        assert "Undo:" in done.text
        assert _get(f"{url}/v5/journal").json()["records"][0]["actor"] == actor


@eras
async def test_what_cannot_be_stored_or_is_too_large_is_told(database: str, era: Era) -> None:
    """As an answer or an error that hosts show; the next call is answered."""
    key = create_key(database, None, "ann").secret
    with served(database) as url:
        async with mcp_client(url, era, X_API_KEY=key) as client:
            assert "must not contain NUL" in await words(client, "list_runs", evaluation="a\x00b")
            with pytest.raises(MCPError, match=f"larger than {LARGEST_MESSAGE} bytes"):
                await words(client, "list_runs", evaluation="x" * LARGEST_MESSAGE)
            assert SAMPLE in await words(client, "list_evaluations")
        body, headers = message(era, "tools/list")
        nested = json.dumps(body).replace("{}", "[" * 3_000 + "]" * 3_000)
        for text, answer in (
            ("[" * 200_000, (400, -32700)),
            ("[" * 1_000_000, (413, -32600)),
            (nested, (400, -32700)),
        ):
            known = {**headers, "X-API-KEY": key}
            refused = await to_thread.run_sync(partial(httpx.post, f"{url}/mcp", content=text, headers=known))
            assert (refused.status_code, refused.json()["error"]["code"]) == answer


@eras
def test_a_batch_or_a_request_whose_id_is_none_is_refused_in_words(database: str, era: Era) -> None:
    """Else a client would believe that its write was done: it is taken for a notification, which has no answer."""
    with served(database) as url:
        written = {"evaluation": SAMPLE, "logs": ["log_SMInRJ"], "evaluator": "odd:text", "judgment": "x"}
        body, headers = message(era, "tools/call", name="label_logs", arguments=written)
        odd: list[Any] = [None, 1.5, True, [], {}]
        for id in odd:
            answer = _post(url, body | {"id": id}, headers)
            assert (answer.status_code, answer.json()["id"]) == (400, None)
            assert "must be a text or a whole number" in answer.json()["error"]["message"]
        batch = _post(url, [body, body], headers)
        assert (batch.status_code, batch.json()["error"]["message"][:27]) == (400, "Batches of messages are not")
        body, headers = message(era, "tools/list")
        assert all(_post(url, body | {"id": id}, headers).json()["id"] == id for id in (0, -1, "", "a"))
        del body["id"]
        assert _post(url, body, headers).status_code == 202


@pytest.mark.slow
@eras
async def test_two_files_at_once_stay_apart(database: str, tmp_path: Path, era: Era) -> None:
    """Servers of one process share nothing, also while calls to both are answered."""
    other = str(tmp_path / "other.db")
    keys = {at: create_key(at, None, "ann").secret for at in (database, other)}
    with served(database) as full, served(other) as empty:
        async with (
            mcp_client(full, era, X_API_KEY=keys[database]) as there,
            mcp_client(empty, era, X_API_KEY=keys[other]) as here,
        ):
            found: dict[str, list[str]] = {full: [], empty: []}

            async def ask(url: str, client: Client) -> None:
                found[url].append(await words(client, "list_evaluations"))

            async with anyio.create_task_group() as tasks:
                for _ in range(6):
                    tasks.start_soon(ask, full, there)
                    tasks.start_soon(ask, empty, here)
        assert all(SAMPLE in text for text in found[full])
        assert all("no evaluations" in text for text in found[empty])
        assert [len(texts) for texts in found.values()] == [6, 6]
        body, headers = message(era, "tools/list")
        assert _post(empty, body, {**headers, "X-API-KEY": keys[database]}).status_code == 401


class _Waiting(MCPServer[Any]):
    """A server with a tool that waits until its call is ended."""

    def __init__(self) -> None:
        super().__init__("waiting")
        self.started, self.ended = threading.Event(), threading.Event()
        self.add_tool(self.wait)

    @property
    def low_level(self) -> Any:
        """The SDK's server beneath."""
        return self._lowlevel_server

    async def wait(self) -> None:
        """Wait."""
        self.started.set()
        try:
            await anyio.sleep_forever()
        finally:
            self.ended.set()


@contextmanager
def _served(waiting: _Waiting) -> Iterator[str]:
    """The address at which it is served, to everybody."""

    async def enter(key: str | None) -> Guest:
        return Guest(waiting, key, nullcontext)

    app = McpOverHttp(PlainTextResponse("not here", 404), enter, BodyGuard, needs_key=False)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = http_server(app)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@eras
@pytest.mark.parametrize("accepts", [JSON, f"{JSON}, text/event-stream"])
async def test_a_call_ends_when_its_client_goes_away(era: Era, accepts: str) -> None:
    """Nobody would read its answer; a server that keeps nothing knows no later message about a call."""
    waiting = _Waiting()
    body, headers = message(era, "tools/call", name="wait", arguments={})
    with _served(waiting) as url:
        async with httpx.AsyncClient(timeout=240) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(partial(client.post, f"{url}/mcp", json=body, headers={**headers, "Accept": accepts}))
            assert await to_thread.run_sync(waiting.started.wait, 240)
            assert not waiting.ended.is_set()
            tasks.cancel_scope.cancel()
        assert await to_thread.run_sync(waiting.ended.wait, 240)
