"""The server as a host on stdio meets it; the messages that it mends are in the tests of the protocol."""

import pytest

from evals_mcp.client.client import EvalsClient
from evals_mcp.mcp.instructions import instructions
from evals_mcp.mcp.server import EvalsServer, build_server
from evals_mcp.mcp.stdio import StdioServer
from mcp import Client

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_handshake_waits_for_nothing_and_the_rest_is_loaded_once(mode: str, read_only: bool) -> None:
    """Who the server is it says by itself; its tools, prompts and resources come out of what is loaded."""
    loaded: list[EvalsServer] = []

    def load() -> EvalsServer:
        loaded.append(build_server(EvalsClient(), max_tokens=4_000, read_only=read_only))
        return loaded[-1]

    async with Client(StdioServer(load, read_only=read_only), mode=mode) as client:
        assert client.instructions == instructions(read_only=read_only)
        assert loaded == []
        assert (await client.list_tools()).tools == await loaded[0].list_tools()
        assert (await client.list_prompts()).prompts == await loaded[0].list_prompts()
        assert (await client.list_resource_templates()).resource_templates == await loaded[0].list_resource_templates()
        assert len(loaded) == 1
        assert loaded[0].instructions == client.instructions
    loaded[0].finish()
