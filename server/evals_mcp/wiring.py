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
    embedded = EmbeddedApi(settings.database)
    return EvalsClient(open_app=embedded.open, data_version=embedded.data_version)


def build_mcp_server(settings: Settings) -> EvalsServer:
    """The MCP server over the API that the settings name."""
    return build_server(build_client(settings), max_tokens=settings.max_tokens, read_only=settings.read_only)


def open_embedded_app(database: str) -> Any:
    """The API over a database as an ASGI application. Raises EvalsError if the database cannot be opened."""
    return EmbeddedApi(database).open()


class EmbeddedApi:
    """The API over a database in this process, and whether its data has changed."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._store: Any = None  # the store is a heavy import

    def open(self) -> Any:
        """The API as an ASGI application. Raises EvalsError if the database cannot be opened."""
        # The API, its framework and the database load here, behind the handshake, because a host drops slow starters.
        from evals_mcp.api.access import OpenAccess
        from evals_mcp.api.app import create_app
        from evals_mcp.store.store import open_store

        self._store = open_store(self._database)
        app = create_app(OpenAccess(self._store), is_embedded=True)
        # A file that is closed at the end is whole by itself, and can be copied without SQLite's log beside it.
        weakref.finalize(app, self._store.close)
        # What was loaded just now lives as long as the process; looking through it again would cost answers their time.
        gc.freeze()
        return app

    def data_version(self) -> int | None:
        """A number that differs from the one before if the data has changed since; None where that cannot be told."""
        return None if self._store is None else self._store.database.data_version()
