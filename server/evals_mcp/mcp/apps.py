"""MCP Apps in the handshake and the list of tools: hosts without Apps see no views. Imports only the SDK."""

from contextvars import ContextVar
from typing import Any

from mcp.server.apps import EXTENSION_ID, client_supports_apps
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension

_lists_views: ContextVar[bool] = ContextVar("lists_views", default=False)


class AppsExtension(Extension):
    """Says that the server has views. Its tools name them, and it reads them, when a host asks."""

    identifier = EXTENSION_ID


async def note_apps(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Middleware: while tools are listed, note whether the client shows views."""
    if ctx.method != "tools/list":
        return await call_next(ctx)
    token = _lists_views.set(client_supports_apps(ctx))
    try:
        return await call_next(ctx)
    finally:
        _lists_views.reset(token)


def lists_views() -> bool:
    """Whether the client that lists tools now shows views."""
    return _lists_views.get()
