"""Small evaluations on a foreign server, asked through a mirror and in the server's own workspace."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant
from tests.mirror.foreign import ForeignServer, serving
from tests.small_evaluations import SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.mirror.mirror import Mirror
from evals_mcp.wiring import open_embedded_app, open_scratch

_CURSOR = re.compile(r'cursor="[^"]+"')
_AGE = re.compile(r"^Rows read \d+ \w+ ago; the server shows no change since\.\n?", re.MULTILINE)
PAGE, LOGS = 5, 13
"""Logs on a page, and in each of the two runs: three pages."""


@dataclass
class Clock:
    """Seconds that pass as a test says."""

    now: float = 1_000.0

    def __call__(self) -> float:
        """The seconds."""
        return self.now


@dataclass
class Mirrored:
    """An evaluation with the runs v1 and v2 on a server, and two ways to ask about it."""

    server: ForeignServer
    small: SmallEvaluation
    runs: dict[str, str]
    mirror: Mirror
    clock: Clock
    assistant: Assistant
    direct: Assistant

    async def ask(self, tool: str = "get_logs", **arguments: Any) -> str:
        """What a tool says through the mirror, cursors apart."""
        return _CURSOR.sub("cursor", await self.assistant.ask(tool, **{"evaluation": self.small.id, **arguments}))

    async def ask_again(self, tool: str = "get_logs", **arguments: Any) -> str:
        """The same, without saying how old the rows are."""
        return _AGE.sub("", await self.ask(tool, **arguments)).rstrip()

    async def ask_directly(self, tool: str = "get_logs", **arguments: Any) -> str:
        """What it says in the server's own workspace."""
        return _CURSOR.sub("cursor", await self.direct.ask(tool, **{"evaluation": self.small.id, **arguments}))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignServer]:
    """A server for the tests of a module."""
    with serving(ForeignServer(open_embedded_app(str(tmp_path_factory.mktemp("foreign") / "evals.db")))) as server:
        yield server


@pytest.fixture
async def mirrored(server: ForeignServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Mirrored]:
    """An evaluation of its own for each test, on a server that behaves."""
    monkeypatch.setattr("evals_mcp.mirror.run_rows.PAGE", PAGE)
    server.behave()
    client, clock = EvalsClient(open_app=lambda: server.app), Clock()
    spec = {"correct": {"return_type": "boolean"}, "stars": {"return_type": "number"}}
    small = await make_evaluation(client, f"Small {server.tests}", **spec)
    logs = [(f"question {n}", {"small/correct": n % 3 > 0, "small/stars": n % 5}) for n in range(LOGS)]
    runs = {name: await small.run(name, logs) for name in ("v1", "v2")}
    remote = server.client()
    mirror = Mirror(remote, open_scratch, clock=clock)
    async with remote, connect_assistant(remote, mirror=mirror) as assistant, connect_assistant(client) as direct:
        yield Mirrored(server, small, runs, mirror, clock, assistant, direct)
