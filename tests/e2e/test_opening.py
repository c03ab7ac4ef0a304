"""The data is opened behind the handshake, before a tool is called."""

from pathlib import Path

import anyio
import pytest
from tests.e2e.in_process import connect

pytestmark = pytest.mark.anyio


async def test_listing_the_tools_opens_the_database(tmp_path: Path) -> None:
    """A host lists tools long before the first call, which then need not wait for the database."""
    database = tmp_path / "evals.db"
    async with connect({"EVALS_MCP_DATABASE": str(database)}) as assistant:
        assert not database.exists()
        await assistant.host.list_tools()
        with anyio.fail_after(60):
            while not database.exists():  # noqa: ASYNC110 - it is another thread that makes it
                await anyio.sleep(0.02)
