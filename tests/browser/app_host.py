"""The official host of MCP Apps views in a browser, with an SDK client at the server behind it."""

import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from mcp.client.extension import advertise
from mcp.types import TextResourceContents
from tests.browser.chromium import Served, Theme, Watched, watched_page
from tests.e2e.stdio import environ

from mcp import Client, StdioServerParameters

if TYPE_CHECKING:
    from playwright.async_api import Browser, Frame, Page

DOCUMENT = "evals-mcp/view"
"""The key in a result's `_meta` under which a view finds its document."""

_APPS = advertise("io.modelcontextprotocol/ui", {"mimeTypes": ["text/html;profile=mcp-app"]})
"""What a host says that shows views."""

_PAGE = "http://host.invalid/"
_SCRIPT = "http://host.invalid/host.js"
_VIEW = "http://view.invalid/"
_HTML = (
    '<!doctype html><html lang="en"><title>Host</title>'
    "<style>body{margin:0}iframe{border:0;width:100%;height:700px}</style><script src='/host.js'></script><body>"
)
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; media-src 'self' data:; connect-src 'none'"
)
"""What the specification gives a view that asks for nothing."""


class Held:
    """Answers that a host keeps to itself: `asked` is set when the view has asked for one."""

    def __init__(self) -> None:
        self.asked = anyio.Event()
        self.given = anyio.Event()


@dataclass
class AppHost:
    """A view in the host's frame. `client` speaks to the server; `calls` are the requests of the view that it got."""

    watched: Watched
    client: Client
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    held: "Held | None" = None
    """If set, the host keeps its answers to the view."""
    loses_answers: bool = False
    """Whether calls reach the server, but their answers not the view."""

    @property
    def page(self) -> "Page":
        """The host's page."""
        return self.watched.page

    @property
    def view(self) -> "Frame":
        """The frame of the view."""
        return next(frame for frame in self.page.frames if frame.url.startswith(_VIEW))

    async def show_tool(self, tool: str, arguments: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        """Call a tool, and mount its view with the result, as hosts do; the result."""
        await self.open_view(tool, arguments, **options)
        result = await call_tool(self.client, tool, arguments)
        await self.show(result)
        return result

    async def open_view(self, tool: str, arguments: Mapping[str, Any], **options: Any) -> None:
        """Mount the view of a tool, without the result yet."""
        listed = next(each for each in (await self.client.list_tools()).tools if each.name == tool)
        html = await read_view(self.client, (listed.meta or {})["ui"]["resourceUri"])
        await self.open(html, tool, arguments, **options)

    async def open(
        self, html: str, tool: str, arguments: Mapping[str, Any], *, theme: Theme = "light", answers_tools: bool = True
    ) -> None:
        """Mount this HTML as a host does when the tool was called, without the result yet."""
        self.watched.served[_VIEW] = Served(html, headers={"Content-Security-Policy": _POLICY})
        tools = (await self.client.list_tools()).tools
        listed = next((each for each in tools if each.name == tool), None)
        context: dict[str, Any] = {"theme": theme, "displayMode": "inline", "locale": "en-GB", "platform": "web"}
        if listed is not None:
            context["toolInfo"] = {"tool": listed.model_dump(mode="json", by_alias=True, exclude_none=True)}
        opened = {"url": _VIEW, "context": context, "input": dict(arguments), "answersTools": answers_tools}
        await self.page.evaluate("opened => evalsHost.open(opened)", opened)

    async def show(self, result: Mapping[str, Any]) -> None:
        """Hand the view a result of its tool."""
        await self.page.evaluate("result => evalsHost.show(result)", dict(result))

    async def sent(self, method: str) -> list[Any]:
        """The parameters of all that the view sent with this method."""
        sent = await self.page.evaluate("evalsHost.sent")
        return [each["params"] for each in sent if each["method"] == method]

    async def post(self, message: Any) -> None:
        """Send the view anything, from the host's window."""
        await self.page.evaluate("message => evalsHost.post(message)", message)

    async def change(self, **context: Any) -> None:
        """Tell the view that the host's looks or size changed."""
        await self.page.evaluate("context => evalsHost.change(context)", context)

    async def close(self) -> None:
        """Ask the view to end, as a polite host does."""
        await self.page.evaluate("evalsHost.close()")

    async def remove(self) -> None:
        """Take the view away in the middle."""
        await self.page.evaluate("evalsHost.remove()")


OpenHost = Callable[..., AbstractAsyncContextManager[AppHost]]
"""Opens a host: `open_host` with a browser, a script and a client."""


@asynccontextmanager
async def open_host(
    browser: "Browser", script: str, client: Client, *, theme: Theme = "light", width: int = 1_000
) -> AsyncIterator[AppHost]:
    """A page with the host's script and no view yet."""
    served = {_PAGE: Served(_HTML), _SCRIPT: Served(script, "text/javascript")}
    async with watched_page(browser, served, theme=theme, width=width) as watched:
        host = AppHost(watched, client)

        async def request(method: str, params: dict[str, Any]) -> dict[str, Any]:
            host.calls.append((method, params))
            if host.held is not None:
                host.held.asked.set()
                await host.held.given.wait()
            if method == "tools/call" and host.loses_answers:
                await call_tool(client, params["name"], params["arguments"])
                raise ConnectionError("The answer is lost.")
            if method == "tools/call":
                return await call_tool(client, params["name"], params.get("arguments") or {}, params.get("_meta"))
            read = await client.read_resource(params["uri"])
            return read.model_dump(mode="json", by_alias=True, exclude_none=True)

        await watched.page.expose_function("serverRequest", request)
        await watched.page.goto(_PAGE)
        yield host


@asynccontextmanager
async def connect_client(database: Path) -> AsyncIterator[Client]:
    """An SDK client that shows views, at a server of a database in a process of its own, over real stdio."""
    variables = environ(EVALS_MCP_DATABASE=str(database))
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "evals_mcp"], env=variables)
    async with Client(parameters, extensions=[_APPS]) as connected:
        yield connected


async def call_tool(
    client: Client, tool: str, arguments: Mapping[str, Any], meta: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The result of a tool as it goes over the wire."""
    result = await client.call_tool(tool, dict(arguments), meta=dict(meta) if meta else None)  # type: ignore[arg-type]
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


async def read_view(client: Client, uri: str) -> str:
    """The HTML of a view, which is a resource of the server."""
    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == "text/html;profile=mcp-app"
    return content.text
