"""The data is opened behind the handshake, before a tool is called."""

import os
import sys
from pathlib import Path

import anyio
import pytest

from mcp import Client, StdioServerParameters

pytestmark = pytest.mark.anyio


async def test_listing_the_tools_opens_the_database(tmp_path: Path) -> None:
    """A host lists tools long before the first call, which then need not wait for the database."""
    database = tmp_path / "evals.db"
    environ = {"EVALS_MCP_DATABASE": str(database), "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "evals_mcp"], env=environ)
    async with Client(parameters) as client:
        assert not database.exists()
        await client.list_tools()
        with anyio.fail_after(60):
            while not database.exists():  # noqa: ASYNC110 - it is another process that makes it
                await anyio.sleep(0.02)
