"""Who may come in at all: the key of a request is checked here, before its body is read."""

from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from evals_mcp.api.access import Access
from evals_mcp.errors import EvalsError

OPEN_PATHS = frozenset({"/health", "/ready", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"})
"""Paths that hold no team's data and need no key; every other path needs one, whether it exists or not."""


def describe_keys(document: dict[str, Any]) -> None:
    """Write into an OpenAPI document which operations need a key: a dependency that says so costs each request."""
    header = {"type": "apiKey", "in": "header", "name": "X-API-KEY", "description": "Needed where the server has keys."}
    document["components"]["securitySchemes"] = {"APIKeyHeader": header}
    for path, operations in document["paths"].items():
        if path not in OPEN_PATHS:
            for operation in operations.values():
                operation["security"] = [{"APIKeyHeader": []}]


class KeyGate:
    """Puts what the key gives into the request's state as `grant`, or answers 401."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its grant, or answer it with what is wrong with its key."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        try:
            grant = await self._access.grant(Headers(scope=scope).get("x-api-key"))
        except EvalsError as error:
            headers = {"WWW-Authenticate": "X-API-KEY"} if error.status == 401 else None
            refusal = JSONResponse({"detail": str(error)}, status_code=error.status, headers=headers)
            await refusal(scope, receive, send)
            return
        scope.setdefault("state", {})["grant"] = grant
        await self._app(scope, receive, send)
