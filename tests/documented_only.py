"""This project's API as a server that has only the documented routes, for tests of the way without the extension."""

from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evals_mcp.client.client import EvalsClient
from evals_mcp.client.connection import EXTENSION_HEADER
from evals_mcp.mirror.mirror import Mirror
from evals_mcp.wiring import open_scratch

_OURS = (EXTENSION_HEADER.encode(), b"x-evals-write", b"x-evals-tool", b"idempoten")


class DocumentedOnly:
    """Hides the extension of an application: its routes are not found, its headers are neither sent nor read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, without the extension."""
        path = scope["path"]
        if path.startswith(("/v5/review", "/v5/bulk", "/v5/journal", "/v5/set-ups")) or path.endswith(
            ("/outputs", "/labels")
        ):
            await JSONResponse({"detail": "Not Found"}, 404)(scope, receive, send)
            return

        async def unsigned(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [item for item in message["headers"] if not item[0].lower().startswith(_OURS)]
            await send(message)

        own = [item for item in scope["headers"] if not item[0].startswith(_OURS)]
        await self._app({**scope, "headers": own}, receive, unsigned)


def documented_client(app: Any) -> EvalsClient:
    """A client in process that finds only the documented routes."""
    return EvalsClient(open_app=lambda: DocumentedOnly(app))


def mirror_of(client: EvalsClient) -> Mirror:
    """A mirror of a client's server, with scratch workspaces as the product has them."""
    return Mirror(client, open_scratch)
