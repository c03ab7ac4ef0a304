"""A server that has only the documented API: the host is told how far the reading is."""

import re
import socket
import threading
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

import anyio
import pytest
import uvicorn
from tests.documented_only import DocumentedOnly
from tests.e2e import in_process
from tests.e2e.in_process import connect
from tests.edge_cases import load_edge_cases

from evals_mcp.client.client import EvalsClient
from evals_mcp.mirror.mirror import Mirror
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a documented API on a free port of this machine, and the id of its evaluation."""
    app = open_embedded_app(str(tmp_path_factory.mktemp("documented") / "evals.db"))
    evaluation = anyio.run(load_edge_cases, EvalsClient(open_app=lambda: app), 60)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(DocumentedOnly(app), log_level="critical", lifespan="off", timeout_graceful_shutdown=30)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", evaluation
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.mark.parametrize("mode", [pytest.param("legacy", marks=pytest.mark.slow), "2026-07-28"])
async def test_progress_is_told_while_pages_are_read(
    served: tuple[str, str], mode: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page moves it on, up to all logs; a second question reads nothing, and says how old the rows are."""
    address, evaluation = served
    ticks = count(step=0.001)  # each time is asked for: a slow machine may read for minutes
    monkeypatch.setattr(in_process, "Mirror", partial(Mirror, clock=lambda: next(ticks)))
    told: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with connect({"HUMANLOOP_BASE_URL": address}, mode) as assistant:
        arguments = {"evaluation": evaluation, "limit": 1}
        result = await assistant.host.call_tool("get_logs", arguments, progress_callback=note)
        silent = await assistant.ask("get_logs", **arguments)
    assert silent.startswith(str(getattr(result.content[0], "text", ""))[:200])
    assert re.search(r"^Rows read 1 s ago; the server shows no change since\.$", silent, re.MULTILINE)
    total = told[-1][1]
    assert total is not None
    assert total > 200
    assert sorted({done for done, _, _ in told}) == [done for done, _, _ in told]
    assert told[-1][0] == total
    pages = [(done, words) for done, of, words in told if of is not None]
    assert [words for _, words in pages] == [f"{int(done)} of {int(total)} logs read" for done, _ in pages]
