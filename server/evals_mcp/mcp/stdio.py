"""The server as a host on stdio meets it: it answers the handshake at once, and loads what answers the rest behind it.

Messages are mended that the SDK cannot read and would leave without an answer.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any, Self

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
from evals_mcp.mcp.instructions import INSTRUCTIONS


class LateServer(MCPServer[Any], ABC):
    """What answers a host after the handshake."""

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
        """Wait for what goes on in the background."""


class StdioServer(MCPServer[Any]):
    """Answers the handshake, and passes everything else on to the server that `load` gives for it, once.

    Hosts show that they wait for the handshake, and one drops a server that takes over a second for it.
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
        """Serve stdio until it is closed."""
        async with stdio_server() as (received, answers):
            options = self._lowlevel_server.create_initialization_options()
            await self._lowlevel_server.run(MendedMessages(received), answers, options)
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


class MendedMessages:
    """The SDK's stream of messages, each mended; everything else of the stream is as it was."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def receive(self) -> SessionMessage | Exception:
        """The next message."""
        return mended(await self._stream.receive())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        return mended(await anext(self._stream))

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._stream.__aexit__(*error)


def mended(item: SessionMessage | Exception) -> SessionMessage | Exception:
    """A line with half of a surrogate pair as a message; all else as it is.

    Hosts send such halves where a model broke an emoji apart: JSON may have them, but pydantic does not read them. In a
    tool's arguments they are kept, so that the tool can refuse them; elsewhere they become `?`.
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
