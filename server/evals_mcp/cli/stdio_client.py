"""A client of our own stdio server: start it, call its tools as a host would, and stop it."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from mcp.types import TextContent

from mcp import Client, StdioServerParameters


class ToolAnswer(NamedTuple):
    """The text of an answer, and whether it reports an error."""

    text: str
    is_error: bool


class Asker:
    """Calls the tools of a running server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def ask(self, tool: str, arguments: Mapping[str, Any]) -> ToolAnswer:
        """Call a tool and return its answer."""
        result = await self._client.call_tool(tool, dict(arguments))
        text = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
        return ToolAnswer(text, bool(result.is_error))


@asynccontextmanager
async def start_server(environ: Mapping[str, str]) -> AsyncIterator[Asker]:
    """Start a stdio server in its own process with this environment."""
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "evals_mcp"], env=dict(environ))
    async with Client(parameters) as client:
        yield Asker(client)
