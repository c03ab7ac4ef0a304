"""Views of MCP Apps: the tools that have one, the document that it draws, and its HTML.

Hosts without Apps get nothing of it. A view asks for the document of each tool that it calls in the request's `_meta`.
"""

from typing import Any

from mcp.server.apps import APP_MIME_TYPE, client_supports_apps
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.types import Tool as ListedTool

from evals_mcp.errors import NotFound
from evals_mcp.lookup.names import quoted
from evals_mcp.mcp.apps import DOCUMENT_KEY, lists_views
from evals_mcp.models.model import JsonObject
from evals_mcp.tools.tool import Tool
from evals_mcp.views.assembly import read_view

VIEWS = ("comparison", "labelling")
"""The views by name: each is a file in `views/`."""

TEXT_ALONE: JsonObject = {"kind": "text"}
"""The document of an answer that a view shows as it is."""

ADDRESS = "ui://evals/"
"""What the addresses of views begin with."""


def with_view(listed: ListedTool, tool: Tool) -> ListedTool:
    """The tool with the address of its view, if it has one and the client that lists it shows views."""
    if not tool.view or not lists_views():
        return listed
    return listed.model_copy(update={"meta": {**(listed.meta or {}), "ui": {"resourceUri": f"{ADDRESS}{tool.view}"}}})


def wants_document(tool: Tool, context: Context[Any, Any]) -> bool:
    """Whether a call's result shall have the document that a view draws."""
    meta: dict[str, Any] = dict(context.request_context.meta or {})
    return meta.get(DOCUMENT_KEY) is True or (tool.view != "" and client_supports_apps(context))


def view_contents(address: str) -> list[ReadResourceContents]:
    """The HTML of a view. It loads nothing from anywhere. Raises NotFound."""
    view = address.removeprefix(ADDRESS)
    if view not in VIEWS:
        known = ", ".join(f"{ADDRESS}{known}" for known in VIEWS)
        raise NotFound(f"There is no view at {quoted(address)}. The views are {known}.")
    meta = {"ui": {"csp": {}, "prefersBorder": True}}
    return [ReadResourceContents(content=read_view(view, "bridge.js"), mime_type=APP_MIME_TYPE, meta=meta)]
