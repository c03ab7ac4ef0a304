"""MCP Apps on the wire: who gets views and their documents. Hosts without Apps get neither. Imports only the SDK."""

from contextvars import ContextVar
from typing import Any

from mcp.server.apps import EXTENSION_ID, client_supports_apps
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension

DOCUMENT_KEY = "evals-mcp/view"
"""The key in `_meta`: of a request, which asks for the document of a view (true); of a result, which has it."""

_lists_views: ContextVar[bool] = ContextVar("lists_views", default=False)
_documents: ContextVar[list[dict[str, Any]] | None] = ContextVar("documents", default=None)


class AppsExtension(Extension):
    """Says that the server has views. Its tools name them, and it reads them, when a host asks."""

    identifier = EXTENSION_ID


async def serve_apps(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Middleware: tells a list of tools whether the client shows views, and adds its document to a tool's result.

    A document is added to what goes over the wire, because the SDK checks and copies all of a result several times.
    """
    if ctx.method == "tools/list":
        listing = _lists_views.set(client_supports_apps(ctx))
        try:
            return await call_next(ctx)
        finally:
            _lists_views.reset(listing)
    if ctx.method != "tools/call":
        return await call_next(ctx)
    documents: list[dict[str, Any]] = []
    calling = _documents.set(documents)
    try:
        result = await call_next(ctx)
    finally:
        _documents.reset(calling)
    if documents and isinstance(result, dict):
        result["_meta"] = {**(result.get("_meta") or {}), DOCUMENT_KEY: documents[-1]}
    return result


def lists_views() -> bool:
    """Whether the client that lists tools now shows views."""
    return _lists_views.get()


def attach_document(document: dict[str, Any]) -> None:
    """Send a document with the result of the call that is answered now."""
    documents = _documents.get()
    if documents is not None:
        documents.append(document)
