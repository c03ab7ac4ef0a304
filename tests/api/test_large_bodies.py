"""Large and deep bodies: refused early, taken in turns, and never stored in part."""

import json
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive
from tests.api.application import emptied_store
from tests.every_route import READING_POSTS, WITHOUT_DATA, operations

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import OpenAccess, ReadOnly
from evals_mcp.api.middleware.large_bodies import (
    LARGE_BODY,
    BodiesInFlightError,
    BodyCounts,
    BodyNotKeptError,
    BodyTooLargeError,
    ClientGoneError,
    LargeBodies,
)
from evals_mcp.api.middleware.nesting import is_deeper_than
from evals_mcp.serving.options import ServeOptions
from evals_mcp.serving.serve import listening
from evals_mcp.store.store import Store

pytestmark = pytest.mark.anyio
__all__ = ["emptied_store"]

_JSON = {"content-type": "application/json"}


def _depth(text: str) -> int:
    """The deepest nesting of brackets outside of texts, character by character."""
    deepest = depth = 0
    in_text = is_escaped = False
    for character in text:
        if is_escaped:
            is_escaped = False
        elif character == "\\":
            is_escaped = True
        elif character == '"':
            in_text = not in_text
        elif not in_text:
            depth += (character in "[{") - (character in "]}")
            deepest = max(deepest, depth)
    return deepest


@given(st.text('[]{}"\\a', max_size=60), st.integers(0, 4), st.integers(1, 9))
def test_depth_is_found_however_a_body_is_cut(text: str, levels: int, at_once: int) -> None:
    """Brackets in texts and escaped quotes do not count; also of what is no JSON."""
    assert is_deeper_than(levels, text.encode(), at_once) == (_depth(text) > levels)


@pytest.mark.parametrize("part", ["[", "[]", '{"a":', "[[[]]]", '"[",[', '\\"['])
async def test_millions_of_brackets_are_answered(store: Store, part: str) -> None:
    """Whatever they stand between."""
    body = b'{"path": "p", "attributes": ' + part.encode() * 1_000_000
    expected = 413 if part in ("[]", "[[[]]]") else 422  # many values, and not deep
    async with _client(store) as client:
        assert (await client.post("/v5/flows", content=body, headers=_JSON)).status_code == expected


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e999", "9" * 400 + ".0"])
async def test_a_large_body_may_tell_of_numbers_that_are_none(store: Store, text: str) -> None:
    """In texts, but not as numbers."""
    padding = " " * LARGE_BODY
    async with _client(store) as client:
        for value, status in (f'"\\"{text}"', 200), (text, 422), (f'"\\\\", "b": {text}', 422):
            body = f'{{"path": "p", "attributes": {{"a": {value}}}}}{padding}'
            answer = await client.post("/v5/flows", content=body, headers=_JSON)
            assert (value, answer.status_code) == (value, status)


async def test_who_may_not_write_sends_no_body(store: Store) -> None:
    """The refusal comes before a byte of it is read, at every address; what only reads is answered."""
    read = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"[" * 100

    async with _client(store, read_only=True) as client:
        for method, path in [*operations(), ("POST", "//v5//flows")]:
            if method not in ("GET", "DELETE") and path not in READING_POSTS + WITHOUT_DATA:
                answer = await client.request(method, path.replace("{", "").replace("}", ""), content=chunks())
                assert (answer.status_code, read) == (403, 0), path
        for path in READING_POSTS:
            assert (await client.post(path, json={})).status_code != 403, path


@pytest.mark.parametrize("size", [1, LARGE_BODY])
async def test_a_body_that_breaks_off_is_not_stored(store: Store, size: int) -> None:
    """Neither are the lines of it that came in."""
    padding = "x" * size
    flow = {"kind": "directory", "id": "dir_breaks0000000000000000", "path": f"broken/{padding[:1]}"}
    line = json.dumps(flow) + "\n" + " " * size + "\n"
    app, answers = create_app(OpenAccess(store)), list[Message]()

    async def keep(message: Message) -> None:
        answers.append(message)

    await app(_scope("/v5/bulk"), _receiving([(line.encode(), True), None]), keep)
    assert answers == []
    async with _client(store) as client:
        assert (await client.get("/v5/bulk/counts")).json()["directory"] == 0


async def test_large_bodies_take_turns_and_small_ones_do_not_wait() -> None:
    """Each is given whole, and one at a time."""
    bodies = LargeBodies()
    most = at_once = 0
    given: list[int] = []

    async def read(size: int) -> None:
        nonlocal most, at_once
        parts = [(b"a" * (size // 2), True), (b"b" * (size - size // 2), False)]
        async with bodies.read(_receiving(parts), 4 * LARGE_BODY) as body:
            at_once += size > LARGE_BODY
            most = max(most, at_once)
            await anyio.lowlevel.checkpoint()
            given.append(len(body[0]))
            assert body[0].count(b"b") == size - size // 2
            at_once -= size > LARGE_BODY

    async with bodies.read(_receiving([(b"c" * 2 * LARGE_BODY, False)]), 4 * LARGE_BODY):
        for size in (10, LARGE_BODY, 0):
            await read(size)
    async with anyio.create_task_group() as group:
        for size in (3 * LARGE_BODY, LARGE_BODY + 1, 2 * LARGE_BODY):
            group.start_soon(read, size)
    assert most == 1
    assert len(given) == 6


@pytest.mark.slow
async def test_the_applications_of_a_server_share_the_turns(tmp_path: Path) -> None:
    """A large message to /mcp waits until the write of a large body that the API has is answered."""
    message, wrong = json.dumps({"path": "f", "attributes": {"a": "a" * LARGE_BODY}}).encode(), b"x" * 2 * LARGE_BODY
    answering, may_end = anyio.Event(), anyio.Event()
    answers: list[str] = []

    async def ask(path: str, body: bytes) -> None:
        async def send(message: Message) -> None:
            if message["type"] != "http.response.start":
                return
            if path != "/mcp":
                answering.set()
                await may_end.wait()
            answers.append(f"{path} {message['status']}")

        await app(_scope(path, b"application/json"), _receiving([(body, False)]), send)

    with listening(ServeOptions(str(tmp_path / "evals.db"), port=0)) as (app, _):
        await ask("/mcp", b"x")  # loads what would be waited for below
        async with anyio.create_task_group() as group:
            group.start_soon(ask, "/v5/flows", message)
            await answering.wait()
            group.start_soon(ask, "/mcp", wrong)
            await anyio.wait_all_tasks_blocked()
            assert answers == ["/mcp 400"]
            may_end.set()
    assert answers == ["/mcp 400", "/v5/flows 200", "/mcp 400"]


async def test_small_bodies_of_many_values_take_turns_too() -> None:
    """As objects, they take more memory than large texts."""
    counts = BodyCounts()
    bodies = LargeBodies(heavy_body=9, counts=counts)
    for body, takes_a_turn in (b"[,,,,,,,,]", True), (b"[,,,,,,,]", False), (b"{},[],{}", False), (b"a" * 20, False):
        async with bodies.read(_receiving([(body, False)]), LARGE_BODY) as given:
            assert (given, counts.working) == ([body], takes_a_turn)
    assert counts.working == 0


async def test_what_is_too_much_is_refused_and_leaves_room_again() -> None:
    """A body over the limit, and one more than all together may be."""
    bodies = LargeBodies(most_in_flight=3 * LARGE_BODY)
    two = [(b"a" * LARGE_BODY, True), (b"a" * LARGE_BODY, False)]
    for _ in range(3):
        async with bodies.read(_receiving(two), 3 * LARGE_BODY) as body:
            assert len(body[0]) == 2 * LARGE_BODY
            with pytest.raises(BodiesInFlightError):
                await _read(bodies, two)
        with pytest.raises(BodyTooLargeError):
            await _read(bodies, [*two[:1] * 3, (b"a", False)])
        with pytest.raises(ClientGoneError):
            await _read(bodies, [*two[:1] * 3, None])


async def test_a_client_that_left_loses_its_turn() -> None:
    """Its request would only be made again."""
    bodies = LargeBodies()
    with pytest.raises(ClientGoneError):
        await _read(bodies, [(b"a" * 2 * LARGE_BODY, False), None])


@contextmanager
def _files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process may grow larger, as on a full disk: a write that crosses it is cut."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("last", [b"b" * 100, b"b" * LARGE_BODY])
async def test_a_body_that_the_temporary_folder_cannot_take_is_refused_and_never_cut(last: bytes) -> None:
    """The last write of all may be the one that is cut. What is reserved for the body is free again."""
    counts = BodyCounts()
    bodies = LargeBodies(counts=counts)
    with _files_of_at_most(2 * LARGE_BODY + 50), pytest.raises(BodyNotKeptError):
        await _read(bodies, [(b"a" * 2 * LARGE_BODY, True), (last, False)])
    assert counts == BodyCounts()


async def test_a_full_temporary_folder_is_told_and_small_bodies_go_on(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """No internal error; the log names the folder to whoever can make room in it."""
    async with _client(store) as client:
        with _files_of_at_most(LARGE_BODY):
            refused = await client.post("/v5/flows", content=b'"%b"' % (b"a" * 2 * LARGE_BODY), headers=_JSON)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
        assert refused.json()["detail"].startswith("The server has no room for a large body. Nothing was written.")
        assert (await client.post("/v5/flows", json={"path": "f", "attributes": {"a": 1}})).status_code == 200
    assert f"A large body cannot be kept in {tempfile.gettempdir()}: File too large." in caplog.messages


@pytest.mark.slow
@pytest.mark.parametrize("field", ["inputs", "provider_request"])
async def test_a_large_log_comes_back_as_it_was_sent(store: Store, field: str) -> None:
    """The same log again is the one that exists, and another with its id is refused, as is half of one."""
    rows = [{"a": n, "é": f'"{n}"', "c": [1.5, None, {}]} for n in range(LARGE_BODY // 80)]
    log = {"path": "p", "prompt": {"model": "m"}, "log_id": "log_large", "inputs": {"b": 1}, "output": "o"}
    body = json.dumps(log | {field: {"rows": rows, "last": None}}, indent=1)
    assert len(body) > LARGE_BODY
    async with _client(store) as client:
        made = await client.post("/v5/prompts/log", content=body, headers=_JSON)
        assert (await client.post("/v5/prompts/log", content=body, headers=_JSON)).json() == made.json()
        other = body.replace('"\\"7\\""', '"seven"')
        assert (await client.post("/v5/prompts/log", content=other, headers=_JSON)).status_code == 409
        read = (await client.get("/v5/logs/log_large")).json()
        assert (read[field], read["output"]) == (json.loads(body)[field], "o")
        wrong = await client.post("/v5/prompts/log", content=body[:-1], headers=_JSON)
        assert (wrong.status_code, wrong.json()["detail"][0]["type"]) == (422, "json_invalid")


async def _read(bodies: LargeBodies, messages: Sequence[tuple[bytes, bool] | None]) -> int:
    async with bodies.read(_receiving(messages), 3 * LARGE_BODY) as body:
        return len(body[0])


def _receiving(messages: Sequence[tuple[bytes, bool] | None]) -> Receive:
    """What a client sends: parts, with whether more follow, and None for its leaving. Then it waits."""
    waiting = iter(messages)

    async def receive() -> Message:
        for part in waiting:
            if part is None:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": part[0], "more_body": part[1]}
        await anyio.sleep_forever()
        raise AssertionError

    return receive


def _scope(path: str, kind: bytes = b"application/x-ndjson") -> dict[str, Any]:
    headers = [
        (b"content-type", kind),
        (b"accept", b"*/*"),
        (b"transfer-encoding", b"chunked"),
        (b"host", b"localhost"),
    ]
    asked = {"method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": ""}
    return {"type": "http", "http_version": "1.1", "scheme": "http", "headers": headers, **asked}


def _client(store: Store, *, read_only: bool = False) -> httpx.AsyncClient:
    access = OpenAccess(store)
    transport = httpx.ASGITransport(create_app(ReadOnly(access) if read_only else access))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")
