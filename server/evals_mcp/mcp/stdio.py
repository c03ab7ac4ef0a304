"""The stdio server: it answers the handshake at once and loads everything else afterwards.

It also repairs messages that the SDK cannot read and would never answer.
"""

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any, Self

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp.types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    Prompt,
    PromptReference,
    ResourceTemplate,
    ResourceTemplateReference,
    Tool,
    jsonrpc_message_adapter,
)
from pydantic import AnyUrl, ValidationError

from evals_mcp import __version__
from evals_mcp.mcp.ending import end_process
from evals_mcp.mcp.instructions import INSTRUCTIONS


class LateServer(MCPServer[Any], ABC):
    """The server that answers a host after the handshake."""

    @abstractmethod
    async def complete(
        self,
        reference: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion:
        """Suggest values for an argument."""

    @abstractmethod
    def finish(self) -> None:
        """Wait for background work."""


class StdioServer(MCPServer[Any]):
    """Answers the handshake, and passes all other requests to the server that `load` returns. It calls `load` once.

    Hosts wait for the handshake, and one drops servers that take over a second.
    """

    def __init__(self, load: Callable[[], LateServer]) -> None:
        super().__init__(
            "evals-mcp", title="evals-mcp", version=__version__, instructions=INSTRUCTIONS, log_level="WARNING"
        )
        self._load = load
        self.completion()(self._complete)  # type: ignore[no-untyped-call]

    @cached_property
    def _late(self) -> LateServer:
        return self._load()

    async def run_stdio_async(self) -> None:
        """Serve stdio until it is closed. Ends the process if only stdout is closed."""
        async with stdio_server() as (received, answers):
            options = self._lowlevel_server.create_initialization_options()
            try:
                await self._lowlevel_server.run(RepairedMessages(received), answers, options)
            except anyio.get_cancelled_exc_class():
                # The SDK failed to write, and would wait for stdin before it reports that.
                sys.stderr.write("evals-mcp: stdout is closed, so the server ends.\n")
                end_process(0)
        if "_late" in vars(self):
            self._late.finish()

    async def list_tools(self) -> list[Tool]:
        """List the tools."""
        return await self._late.list_tools()

    async def call_tool(self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None) -> Any:
        """Call a tool."""
        return await self._late.call_tool(name, arguments, context)

    async def list_resource_templates(self) -> list[ResourceTemplate]:
        """List the addresses of resources."""
        return await self._late.list_resource_templates()

    async def read_resource(self, uri: AnyUrl | str, context: Context[Any, Any] | None = None) -> Any:
        """Read a resource."""
        return await self._late.read_resource(uri, context)

    async def list_prompts(self) -> list[Prompt]:
        """List the prompts."""
        return await self._late.list_prompts()

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Any, Any] | None = None
    ) -> Any:
        """Fill in a prompt."""
        return await self._late.get_prompt(name, arguments, context)

    async def _complete(
        self,
        reference: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion:
        return await self._late.complete(reference, argument, context)


class RepairedMessages:
    """The SDK's message stream with every message repaired."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def receive(self) -> SessionMessage | Exception:
        """The next message."""
        return repaired(await self._stream.receive())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        return repaired(await anext(self._stream))

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._stream.__aexit__(*error)


def repaired(item: SessionMessage | Exception) -> SessionMessage | Exception:
    """Read a line that holds half of a surrogate pair as a message; return anything else unchanged.

    Hosts send such halves when a model splits an emoji. JSON allows them, but pydantic cannot read them. They stay in a
    tool's arguments, so that the tool can refuse them; elsewhere they become `?`.
    """
    if not isinstance(item, ValidationError):
        return item
    (first, *_) = item.errors(include_url=False, include_context=False)
    try:
        content = json.loads(first["input"])
        readable = json.loads(json.dumps(content, ensure_ascii=False).encode(errors="replace"))
        if readable["method"] == "tools/call":
            readable["params"]["arguments"] = content["params"]["arguments"]
        return SessionMessage(jsonrpc_message_adapter.validate_python(readable, by_name=False))
    except (KeyError, TypeError, ValueError, RecursionError):
        return item
