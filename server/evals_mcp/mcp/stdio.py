"""The stdio server: it answers the handshake at once and loads everything else afterwards."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any, NoReturn, Protocol, TextIO

import anyio
from anyio import AsyncFile
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.stdio import stdio_server
from mcp.types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    Prompt,
    PromptReference,
    Resource,
    ResourceTemplate,
    ResourceTemplateReference,
    Tool,
)
from pydantic import AnyUrl

from evals_mcp import __version__
from evals_mcp.mcp.apps import serve_apps
from evals_mcp.mcp.ending import end_process
from evals_mcp.mcp.extensions import EXTENSIONS, announce_extensions
from evals_mcp.mcp.instructions import instructions
from evals_mcp.mcp.repaired_messages import RepairedMessages
from evals_mcp.mcp.replayed import WithoutReplayed


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

    @property
    def low_level(self) -> Any:
        """The SDK's server beneath, which transports drive."""
        return self._lowlevel_server

    @abstractmethod
    def finish(self) -> None:
        """Wait for background work."""


class EarlyAnswers(Protocol):
    """What answers a host before this module is imported."""

    replayed_id: str
    """The id of the host's first request when it is read again, after it was answered."""

    @property
    def listed(self) -> bool:
        """Whether the host has got the list of tools."""
        ...

    def take_over(self) -> TextIO:
        """Stop answering. Returns all that is left to read. Raises BrokenPipeError if nobody reads the answers."""
        ...


class StdioServer(MCPServer[Any]):
    """Answers the handshake, and passes all other requests to the server that `load` returns. It calls `load` once.

    `read_only` says whether that server lacks the tools that write. `early` has answered the host until now.

    Hosts wait for the handshake, and one drops servers that take over a second.
    """

    def __init__(
        self, load: Callable[[], LateServer], *, read_only: bool = False, early: EarlyAnswers | None = None
    ) -> None:
        super().__init__(
            "evals-mcp",
            title="evals-mcp",
            version=__version__,
            instructions=instructions(read_only=read_only),
            log_level="WARNING",
            subscriptions=False,
            extensions=EXTENSIONS,
            middleware=[serve_apps, announce_extensions],
        )
        self._load = load
        self._early = early
        self.completion()(self._complete)  # type: ignore[no-untyped-call]

    @cached_property
    def _late(self) -> LateServer:
        return self._load()

    def load(self) -> LateServer:
        """Load the server that answers after the handshake, which the first other request would do."""
        return self._late

    async def run_stdio_async(self) -> None:
        """Serve stdio until it is closed. Ends the process if only stdout is closed."""
        if self._early is None:
            await self.serve()
            return
        if self._early.listed:
            self.load()  # a host that lists tools will soon call one
        try:
            left = self._early.take_over()
        except BrokenPipeError:
            _end_unread()
        await self.serve(anyio.wrap_file(left))

    async def serve(self, stdin: AsyncFile[str] | None = None, stdout: AsyncFile[str] | None = None) -> None:
        """Serve a host at these files, by default stdin and stdout, until `stdin` ends."""
        async with stdio_server(stdin, stdout) as (received, answers):
            options = self._lowlevel_server.create_initialization_options()
            unseen = answers if self._early is None else WithoutReplayed(answers, self._early.replayed_id)
            try:
                await self._lowlevel_server.run(RepairedMessages(received), unseen, options)
            except anyio.get_cancelled_exc_class():
                # The SDK failed to write, and would wait for stdin before it reports that.
                _end_unread()
        if "_late" in vars(self):
            self._late.finish()

    async def list_tools(self) -> list[Tool]:
        """List the tools."""
        return await self._late.list_tools()

    async def call_tool(self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None) -> Any:
        """Call a tool."""
        return await self._late.call_tool(name, arguments, context)

    async def list_resources(self) -> list[Resource]:
        """List the newest evaluations."""
        return await self._late.list_resources()

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


def _end_unread() -> NoReturn:
    sys.stderr.write("evals-mcp: stdout is closed, so the server ends.\n")
    end_process(0)
