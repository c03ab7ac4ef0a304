"""The one place that puts the parts together: settings in, a server or a client out."""

import gc
import weakref
from typing import Any

from evals_mcp.client.client import EvalsClient
from evals_mcp.config import Settings
from evals_mcp.mcp.server import EvalsServer, build_server


def build_client(settings: Settings) -> EvalsClient:
    """A client of the API that the settings name; an embedded one is opened with its first request."""
    if settings.base_url is not None:
        return EvalsClient(settings.base_url, settings.api_key)
    return EvalsClient(open_app=lambda: open_embedded_app(settings.database))


def build_mcp_server(settings: Settings) -> EvalsServer:
    """The MCP server over the API that the settings name."""
    return build_server(build_client(settings), max_tokens=settings.max_tokens, read_only=settings.read_only)


def open_embedded_app(database: str) -> Any:
    """The API over a database as an ASGI application. Raises EvalsError if the database cannot be opened."""
    # The API, its framework and the database load here, behind the handshake, because a host drops slow starters.
    from evals_mcp.api.access import OpenAccess
    from evals_mcp.api.app import create_app
    from evals_mcp.store.store import open_store

    store = open_store(database)
    app = create_app(OpenAccess(store), is_embedded=True)
    # A file that is closed at the end is whole by itself, and can be copied without SQLite's log beside it.
    weakref.finalize(app, store.close)
    # What was loaded just now lives as long as the process; looking through it again would cost answers their time.
    gc.freeze()
    return app
