"""What the journal of a server learns from our client about a tool at work."""

from pathlib import Path

import pytest

from evals_mcp.client.acting import acting
from evals_mcp.config import Settings
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.store.store import open_store
from evals_mcp.wiring import build_client

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
