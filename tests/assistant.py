"""An assistant for tests: a real MCP client at this server, and evaluations to ask about."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcp.types import TextContent

from evals_mcp.client.client import EvalsClient
from evals_mcp.mcp.server import build_server
from evals_mcp.mirror.mirror import Mirror
from mcp import Client


class Assistant:
    """Asks tools as a host does. `client` is the way of the server itself to the data, for making and checking it."""

    def __init__(self, host: Client, client: EvalsClient) -> None:
        self.host = host
        self.client = client

    async def ask(self, tool: str, **arguments: Any) -> str:
        """The answer of a tool; it is one text, and no error."""
        text, is_error = await self._call(tool, arguments)
        assert not is_error, text
        return text

    async def refuse(self, tool: str, **arguments: Any) -> str:
        """What a tool says when it cannot answer; it says that it is an error, in few words."""
        text, is_error = await self._call(tool, arguments)
        assert is_error, text
        assert text.startswith("Error: ")
        assert len(text) < 2_000
        assert "Traceback" not in text
        assert "internal error" not in text
        return text

    async def all_pages(self, tool: str, **arguments: Any) -> list[str]:
        """The answers of a tool from the first page to the last, going on by the cursor in each."""
        answers = [await self.ask(tool, **arguments)]
        while cursor := next_cursor(answers[-1]):
            answers.append(await self.ask(tool, **arguments, cursor=cursor))
            assert len(answers) < 1_000
        return answers

    async def _call(self, tool: str, arguments: dict[str, Any]) -> tuple[str, bool]:
        result = await self.host.call_tool(tool, arguments)
        (content,) = result.content
        assert isinstance(content, TextContent)
        assert result.structured_content is None
        return content.text, bool(result.is_error)


@asynccontextmanager
async def connect_assistant(
    client: EvalsClient, mode: Any = "auto", *, mirror: Mirror | None = None
) -> AsyncIterator[Assistant]:
    """An assistant at a server in process, over this client of the API, or a mirror of it."""
    server = build_server(client, mirror, max_tokens=4_000, read_only=False)
    async with Client(server, mode=mode) as host:
        yield Assistant(host, client)


def next_cursor(answer: str) -> str | None:
    """The cursor in the last line of an answer, if it goes on."""
    found = re.search(r'cursor="([^"]+)"\)$', answer)
    return None if found is None else found[1]


def log_ids(answer: str) -> list[str]:
    """The ids of the logs that an answer of get_logs shows, in its order."""
    return re.findall(r"^(log_[^;\s]+)(?= \||$)", answer, re.MULTILINE)


def datapoint_ids(answer: str) -> list[str]:
    """The ids of the datapoints that an answer of list_datapoints shows, in its order."""
    return re.findall(r"^(dp_\w+) \| ", answer, re.MULTILINE)
