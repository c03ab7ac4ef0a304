"""The data is opened behind the handshake, before a tool is called."""

from pathlib import Path

import anyio
import pytest
from tests.e2e.in_process import connect

from evals_mcp.models.flows import FlowRequest

pytestmark = pytest.mark.anyio


async def test_listing_the_tools_opens_the_database(tmp_path: Path) -> None:
    """A host lists tools long before the first call, which then need not wait for the database."""
    database = tmp_path / "evals.db"
    database.touch()
    async with connect({"EVALS_MCP_DATABASE": str(database)}) as assistant:
        assert database.stat().st_size == 0
        await assistant.host.list_tools()
        with anyio.fail_after(240):
            while not database.stat().st_size:  # noqa: ASYNC110 - it is another thread that opens it
                await anyio.sleep(0.02)


async def test_the_first_write_creates_the_database_file_once(tmp_path: Path) -> None:
    """Also if several come at the same time; then the data is there for readers, and for another server."""
    database = tmp_path / "new" / "evals.db"
    async with connect({"EVALS_MCP_DATABASE": str(database)}) as assistant:
        await assistant.host.list_tools()
        await assistant.ask("list_evaluations")
        assert not database.parent.exists()
        async with anyio.create_task_group() as writers:
            for name in ("a", "b", "c"):
                writers.start_soon(assistant.client.flows.upsert, FlowRequest(path=name, attributes={"v": name}))
        assert (await assistant.client.raw_pages.files(1, 10)).total == 3
        await assistant.ask("import_results", path="sample")
        async with connect({"EVALS_MCP_DATABASE": str(database)}) as other:
            assert await other.ask("list_evaluations") == await assistant.ask("list_evaluations")
