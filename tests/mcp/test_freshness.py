"""A call sees what was written before it, by whomever, and its tool runs once."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from evals_mcp.client.client import EvalsClient
from evals_mcp.config import Settings
from evals_mcp.errors import NotFound
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.mcp.server import EvalsServer
from evals_mcp.models.references import VersionReference
from evals_mcp.models.runs import CreateRunRequest
from evals_mcp.tools.arguments import Evaluation
from evals_mcp.tools.get_logs import get_logs
from evals_mcp.tools.list_datapoints import list_datapoints
from evals_mcp.tools.list_runs import list_runs
from evals_mcp.tools.tool import Tool
from evals_mcp.wiring import build_client, open_embedded_app
from mcp import Client

pytestmark = pytest.mark.anyio
SAMPLE = "Which prompt answers tickets"


async def add_run(client: EvalsClient) -> str:
    """A further run of the sample's first version; its id."""
    resolved = await client.reviews.get_evaluation(SAMPLE)
    first = resolved.runs[0]
    request = CreateRunRequest(
        dataset=VersionReference(version_id=first.dataset_version_id),
        version=VersionReference(version_id=first.version_id),
        orchestrated=False,
    )
    return (await client.runs.create(resolved.id, request)).id


@pytest.mark.parametrize("error", [NotFound("not there"), None], ids=["an error", "an answer"])
async def test_a_tool_runs_once_for_a_call(sample_copy: Path, error: NotFound | None) -> None:
    """Even where it fails after an evaluation that was seen before: one that writes would write twice."""
    calls = []

    async def write(lookup: Lookup, evaluation: Evaluation) -> str:
        """Write."""
        calls.append((await lookup.find_evaluation(evaluation)).id)
        if error is not None:
            raise error
        return "written"

    client = build_client(Settings(database=str(sample_copy)))
    server = EvalsServer([Tool(function=write, title="Write", read_only=False)], client, None, 4_000)
    async with Client(server) as host:
        for amount in (1, 2):
            await host.call_tool("write", {"evaluation": SAMPLE})
            assert len(calls) == amount


async def test_a_call_sees_what_another_process_wrote(sample_copy: Path) -> None:
    """Two servers on one file: what one writes, the other's next call knows by name."""
    reader, writer = (build_client(Settings(database=str(sample_copy))) for _ in range(2))
    before = await list_runs(Lookup(reader), SAMPLE)
    assert before == await list_runs(Lookup(reader), SAMPLE)
    run_id = await add_run(writer)
    assert run_id not in before
    assert run_id in await list_runs(Lookup(reader), SAMPLE)
    assert "No datapoints" not in await list_datapoints(Lookup(reader), SAMPLE, runs=[run_id])
    evaluation_id = (await writer.reviews.get_evaluation(SAMPLE)).id
    await writer.connection.send_only("DELETE", ("evaluations", evaluation_id, "runs", run_id))
    with pytest.raises(NotFound, match=run_id):
        await list_datapoints(Lookup(reader), SAMPLE, runs=[run_id])


async def test_an_unchanged_file_is_not_asked_again(sample_copy: Path) -> None:
    """What an evaluation was resolved to stands until the file changes."""
    client = build_client(Settings(database=str(sample_copy)))
    first = await client.reviews.get_evaluation(SAMPLE)
    assert await client.reviews.get_evaluation(SAMPLE) is first
    await add_run(client)
    assert len((await client.reviews.get_evaluation(SAMPLE)).runs) == len(first.runs) + 1


class Meanwhile:
    """An application that lets something happen before it answers a question."""

    def __init__(self, app: ASGIApp, happens: Callable[[], Awaitable[Any]], times: int) -> None:
        self._app = app
        self._happens = happens
        self.times = times

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it happen, so many times, and pass the request on."""
        if self.times and scope["method"] == "POST" and "/review/" in scope["path"]:
            self.times -= 1
            await self._happens()
        await self._app(scope, receive, send)


@pytest.mark.parametrize("times", [1, 3])
async def test_an_answer_fits_the_evaluation_that_it_is_about(sample_copy: Path, times: int) -> None:
    """Rows of a question that was overtaken by a write are told with the runs and evaluators of the same moment."""
    app = open_embedded_app(str(sample_copy))
    writer = EvalsClient(open_app=lambda: app)
    overtaken = Meanwhile(app, lambda: add_run(writer), times)
    answer = await get_logs(Lookup(EvalsClient(open_app=lambda: overtaken)), SAMPLE, limit=1)
    assert overtaken.times == times - 1  # one question, however often others write
    assert answer.startswith("Evaluation ")
    assert "120 logs" in answer
