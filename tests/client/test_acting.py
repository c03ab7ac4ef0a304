"""What the journal of a server learns from our client about a tool at work."""

from pathlib import Path

import pytest

from evals_mcp.client.acting import acting
from evals_mcp.config import Settings
from evals_mcp.errors import Unauthorized
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.store.store import open_store
from evals_mcp.wiring import build_client, build_mcp_server
from mcp import Client

pytestmark = pytest.mark.anyio


async def test_a_repeated_call_of_a_tool_writes_nothing_again(tmp_path: Path) -> None:
    """Each write of the call has an id of its own, the second call gets the handles of the first one's writes."""
    path = str(tmp_path / "evals.db")
    requests = [CreateEvaluationRequest(name=name, evaluators=[]) for name in ("a", "a", "b")]
    async with build_client(Settings(database=path)) as client:
        handles = []
        for _ in range(2):
            with acting("set_up_run", "r") as at_work:
                made = [(await client.evaluations.create(request)).id for request in requests]
            handles.append(at_work.writes)
            assert len(set(made)) == 3
        assert handles[0] == handles[1]
        await client.evaluations.create(requests[0])
    store = open_store(path)
    entries = store.journal.page(1, 10).records[::-1]
    store.close()
    told = [(entry.tool, entry.request_id) for entry in entries]
    assert told == [("set_up_run", f"r.{number}") for number in (1, 2, 3)] + [(None, None)]
    assert [entry.id for entry in entries[:3]] == handles[0]


async def test_the_actor_is_sent_and_a_read_only_server_refuses_every_write(tmp_path: Path) -> None:
    """The host's name is in the journal, in any script and cut to its header; undo is refused as any other write."""
    path = str(tmp_path / "evals.db")
    request = CreateEvaluationRequest(name="a", evaluators=[])
    async with build_client(Settings(database=path)) as client:
        for actor in ("Zoë\n", "李" * 200, "\u202e"):
            with acting("set_up_run", actor=actor):
                await client.evaluations.create(request)
        found = await client.journal.page()
    assert [entry.actor for entry in found.records] == [None, "李" * 22, "Zoë"]
    async with build_client(Settings(database=path), may_write=False) as client:
        assert (await client.journal.page()).total == 3
        with pytest.raises(Unauthorized, match="read-only"):
            await client.journal.undo(found.records[0].id)
    async with Client(build_mcp_server(Settings(database=path)), mode="legacy") as host:
        await host.call_tool("set_up_run", {"evaluation": "made by a host"})
    async with build_client(Settings(database=path)) as client:
        newest = (await client.journal.page(size=1)).records[0]
    assert (newest.tool, newest.actor) == ("set_up_run", "mcp")
