"""The same lines for the plain server and for one whose first answers come out of the file."""

import json
from collections.abc import Sequence
from typing import Any

from scripts.handshake import Host, new_server

from evals_mcp.handshake.answers import REPLAYED_ID, Handshake, Recorded
from evals_mcp.handshake.settings import EarlySettings
from evals_mcp.handshake.start import RECORDED
from evals_mcp.mcp.stdio import LateServer, StdioServer
from evals_mcp.variables import DEFAULT_MAX_TOKENS

with open(RECORDED, encoding="utf-8") as file:
    CONTENT: dict[str, Any] = json.load(file)

_servers: dict[tuple[int, bool], StdioServer] = {}


class TakenOver:
    """What has answered the lines until the server takes over. The lines are read elsewhere."""

    replayed_id = REPLAYED_ID
    listed = False

    def take_over(self) -> Any:
        """Nothing: the test says what is read."""
        raise NotImplementedError


def new_handshake(max_tokens: int | None = DEFAULT_MAX_TOKENS, *, read_only: bool = False) -> Handshake:
    """The first answers to a new host."""
    return Handshake(Recorded(CONTENT), EarlySettings(read_only=read_only, max_tokens=max_tokens))


def plain_server(max_tokens: int = DEFAULT_MAX_TOKENS, *, read_only: bool = False) -> StdioServer:
    """The server without early answers, made once: a connection leaves nothing behind in it."""
    if (max_tokens, read_only) not in _servers:
        _servers[max_tokens, read_only] = new_server(max_tokens, read_only=read_only)
    return _servers[max_tokens, read_only]


async def answered(server: StdioServer, lines: Sequence[bytes], *, at_once: bool) -> list[str]:
    """What a server writes to a host that sends these lines and leaves when all is answered."""
    host: Any = Host([line.decode(errors="replace") + "\n" for line in lines], at_once=at_once)
    await server.serve(host, host)
    answers: list[str] = host.answers
    return answers


async def plainly(lines: Sequence[bytes], *, read_only: bool = False, at_once: bool = False) -> list[str]:
    """What the plain server answers, sorted."""
    return sorted(await answered(plain_server(read_only=read_only), lines, at_once=at_once))


async def early(
    lines: Sequence[bytes], number: int, *, read_only: bool = False, at_once: bool = False
) -> tuple[list[str], list[str]]:
    """What the file answers of the first `number` lines, and the server that then takes over, each sorted."""
    handshake = new_handshake(read_only=read_only)
    first = [handshake.take(line).decode() for line in lines[:number]]
    plain = plain_server(read_only=read_only)

    def load() -> LateServer:
        return plain.load()

    server = StdioServer(load, read_only=read_only, early=TakenOver())
    rest = [*handshake.waiting, *lines[number:]]
    return sorted(filter(None, first)), sorted(await answered(server, rest, at_once=at_once))


async def check_equal(lines: Sequence[bytes], number: int, *, read_only: bool = False, at_once: bool = False) -> int:
    """Both ways answer the same, byte for byte; how many of the answers came out of the file.

    A host that cancels a request before it is answered may find it answered already.
    """
    expected = await plainly(lines, read_only=read_only, at_once=at_once)
    first, later = await early(lines, number, read_only=read_only, at_once=at_once)
    both = sorted([*first, *later])
    if at_once and any(b"cancelled" in line for line in lines):
        left = list(both)
        for answer in expected:
            left.remove(answer)
        unasked = await plainly([line for line in lines if b"cancelled" not in line], read_only=read_only)
        assert set(left) <= set(unasked)
    else:
        assert both == expected
    return len(first)
