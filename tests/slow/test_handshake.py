"""Generated hosts, answered out of the file first and by the plain server alone; and both as processes."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.e2e.stdio import SAMPLE, Wire
from tests.handshake.both_ways import answered, check_equal, new_handshake, plain_server
from tests.handshake.transcripts import (
    APPS,
    CLAUDE_CODE,
    INITIALIZED,
    LEGACY,
    META,
    MODERN,
    TRANSCRIPTS,
    cancelled,
    enveloped,
    initialize,
    notification,
    request,
)

PLAIN = ("-c", "from evals_mcp.cli.main import main; main([])")

odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, 0, -1, 1.5, True, "", "x", [], {}, [{}], {"a": None}, {"form": {}}, 2**70, "\ud800", "\x00"]
)
capabilities = st.one_of(
    st.sampled_from([{}, CLAUDE_CODE, APPS, {**CLAUDE_CODE, **APPS}, {"sampling": {}}, {"experimental": {"a": {}}}]),
    st.dictionaries(
        st.sampled_from(["roots", "sampling", "elicitation", "experimental", "extensions", "tasks", "x"]),
        st.one_of(odd, st.dictionaries(st.sampled_from(["listChanged", "form", "url", "context", f"{META}ui"]), odd)),
    ),
)
clients = st.dictionaries(
    st.sampled_from(["name", "version", "title", "description", "websiteUrl", "icons", "x"]),
    st.one_of(st.sampled_from(["", "host", "https://example.org"]), odd),
)
ids = st.one_of(st.integers(0, 3), st.sampled_from(["a", "1"]), odd)
methods = st.sampled_from(
    ["tools/list", "ping", "server/discover", "prompts/list", "resources/templates/list", "logging/setLevel", "nope"]
)
metas = st.one_of(
    st.just({}),
    st.fixed_dictionaries({}, optional={"progressToken": st.one_of(st.integers(0, 9), odd), "x": odd}),
)
usual = st.one_of(
    st.builds(initialize, st.sampled_from([*LEGACY, MODERN, "?"]), capabilities, ids, clients),
    st.just(INITIALIZED),
    st.builds(request, ids, methods),
    st.builds(lambda id, method, meta: request(id, method, {"_meta": meta}), ids, methods, metas),
    st.builds(enveloped, ids, methods, capabilities, st.sampled_from([MODERN, MODERN, MODERN, LEGACY[3], "?"])),
    st.builds(cancelled, ids),
    st.builds(notification, st.sampled_from(["notifications/cancelled", "notifications/progress", "x"]), odd),
    st.sampled_from([b"", b"{}", b"[]", b"garbage", b"\xff", b'{"jsonrpc":"2.0","id":1,"method":"ping"}\r']),
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in items for found in _paths(item, (*path, key)))]


@st.composite
def changed(draw: Callable[..., Any]) -> bytes:
    """A usual line with one part replaced, added or left out."""
    text = draw(usual)
    try:
        message = json.loads(text)
    except ValueError:
        return bytes(text)
    *above, last = draw(st.sampled_from(_paths(message))) or (None,)
    if last is None:
        return bytes(text)
    parent = message
    for key in above:
        parent = parent[key]
    kind = draw(st.sampled_from(["replace", "add", "remove"]))
    if kind == "replace" or not isinstance(parent, dict):
        parent[last] = draw(odd)
    elif kind == "add":
        parent[draw(st.sampled_from(["x", "cursor", "id", "_meta", "result"]))] = draw(odd)
    else:
        del parent[last]
    return json.dumps(message).encode()


openings: st.SearchStrategy[list[bytes]] = st.one_of(
    st.builds(lambda version, given: [initialize(version, given), INITIALIZED], st.sampled_from(LEGACY), capabilities),
    st.builds(lambda method: [enveloped(0, method)], st.sampled_from(["server/discover", "tools/list"])),
    st.just([]),
)
transcripts = st.builds(
    lambda first, later: [*first, *later], openings, st.lists(st.one_of(usual, usual, changed()), max_size=8)
)


@pytest.mark.parametrize("at_once", [False, True])
def test_generated_hosts_are_answered_as_by_the_plain_server(at_once: bool, examples: Callable[[int], int]) -> None:
    """Whatever they send, wherever the server takes over, and whether they wait or not: byte for byte."""
    early = 0

    @settings(max_examples=examples(400))
    @given(lines=transcripts, number=st.integers(0, 10), read_only=st.booleans())
    def check(lines: list[bytes], number: int, read_only: bool) -> None:
        nonlocal early
        early += anyio.run(lambda: check_equal(lines, number, read_only=read_only, at_once=at_once))

    check()
    assert early > examples(400) // 10


@pytest.mark.parametrize("max_tokens", [300, 12_345, 20_000])
def test_the_default_budget_is_as_the_server_tells_it(max_tokens: int) -> None:
    """In each list of tools."""
    for lines in ([initialize(), request(1, "tools/list")], [enveloped(1, "tools/list")]):
        handshake = new_handshake(max_tokens)
        early = [handshake.take(text).decode() for text in lines]
        assert early == anyio.run(partial(answered, plain_server(max_tokens), lines, at_once=False))


def _replay(
    lines: Sequence[bytes], answers: int, command: Sequence[str], database: Path
) -> tuple[list[bytes], int, str]:
    """What a process answers that gets all lines at once, until there are so many answers; its status and errors."""
    wire = Wire({"EVALS_MCP_DATABASE": str(database)}, command=command)
    wire.send(b"\n".join(lines))
    for _ in range(answers):
        wire.read()
    status = wire.wait()
    return sorted(wire.lines), status, wire.errors


CALLS = [
    request(10, "tools/call", {"name": "list_runs", "arguments": {"evaluation": SAMPLE}}),
    request(11, "resources/read", {"uri": "evals://journal"}),
    request(12, "tools/call", {"name": "list_runs", "arguments": {"evaluation": "half \ud83d"}}),
]


@pytest.mark.parametrize(
    "name",
    [
        "a host that speaks 2025-06-18",
        "a host that listens",
        "a call at once",
        "both eras",
        "lines that are no messages",
    ],
)
def test_a_process_answers_as_the_plain_server_does(name: str, sample_copy: Path) -> None:
    """The same bytes over real pipes, with calls behind the handshake; the same status, and nothing on stderr."""
    lines = [*TRANSCRIPTS[name][0], *([] if "listens" in name or "eras" in name else CALLS)]
    known = len(anyio.run(lambda: check_answers(TRANSCRIPTS[name][0]))) + len(lines) - len(TRANSCRIPTS[name][0])
    plain = _replay(lines, known, PLAIN, sample_copy)
    assert _replay(lines, known, ("-m", "evals_mcp"), sample_copy) == plain
    assert plain[1:] == (0, "")


async def check_answers(lines: Sequence[bytes]) -> list[str]:
    """What the plain server answers in process."""
    return await answered(plain_server(), lines, at_once=False)


@pytest.mark.parametrize("name", ["a host that speaks 2025-06-18", "a host that listens", "a call at once"])
def test_a_host_may_leave_at_any_moment(name: str, sample_copy: Path) -> None:
    """After each line, and in the middle of one: all that is answered is right, and the process ends well."""
    whole = b"\n".join([*TRANSCRIPTS[name][0], b""])
    right = {text.encode() for text in anyio.run(lambda: check_answers(TRANSCRIPTS[name][0]))}
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    for end in [0, 20, *ends, ends[-1] - 5]:
        wire = Wire({"EVALS_MCP_DATABASE": str(sample_copy)})
        wire.process.stdin.write(whole[:end])  # type: ignore[union-attr]
        assert wire.wait() == 0
        assert wire.errors == ""
        assert set(wire.lines) <= right
        assert len(wire.lines) >= (end >= ends[0])
