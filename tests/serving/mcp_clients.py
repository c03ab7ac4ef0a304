"""Clients of MCP over HTTP: the SDK's, in both eras of the protocol."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

import httpx2
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from mcp import Client

Era = Literal["legacy", "2026-07-28"]
ERAS: Sequence[Era] = ("legacy", "2026-07-28")
JSON = "application/json"


@asynccontextmanager
async def mcp_client(url: str, era: Era, **headers: str) -> AsyncIterator[Client]:
    """A client of `/mcp` of a server; `_` in the names of headers is `-`."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        httpx2.AsyncClient(headers=sent, timeout=240) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=era) as client,
    ):
        yield client


async def words(client: Client, tool: str, **arguments: Any) -> str:
    """What a model reads of a call."""
    return words_of(await client.call_tool(tool, arguments))


def words_of(result: CallToolResult) -> str:
    """The one text of a result."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def message(era: Era, method: str, **params: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """The body and the headers of one request, as any client sends it."""
    headers = {"Accept": f"{JSON}, text/event-stream", "Content-Type": JSON}
    if era != "legacy":
        about = {
            "io.modelcontextprotocol/protocolVersion": era,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        }
        params = {**params, "_meta": about}
        headers |= {"MCP-Protocol-Version": era, "Mcp-Method": method}
        headers |= {"Mcp-Name": params["name"]} if "name" in params else {}
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, headers
