"""Checks the API key of each request, and its role, before the body is read."""

import re
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from evals_mcp.api.grants import Access
from evals_mcp.api.middleware.limits import LimitGate
from evals_mcp.api.needs import need_of, require_role
from evals_mcp.errors import EvalsError

OPEN_PATHS = frozenset({"/health", "/ready", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"})
"""Paths without team data, which need no key. All other paths need one, even paths that do not exist."""

_SLASHES = re.compile(r"/{2,}")


def describe_keys(document: dict[str, Any]) -> None:
    """Mark the operations of an OpenAPI document that need a key. A dependency would slow down each request."""
    header = {"type": "apiKey", "in": "header", "name": "X-API-KEY", "description": "Required if the server has keys."}
    document["components"]["securitySchemes"] = {"APIKeyHeader": header}
    for path, operations in document["paths"].items():
        if path not in OPEN_PATHS:
            for operation in operations.values():
                operation["security"] = [{"APIKeyHeader": []}]


class KeyGate:
    """Puts the key's grant into the request state as `grant`, or answers 401, or 403 if the key may not do this.

    `let_in` of the state looks again, for who reads the body: it puts the grant there anew, or returns that answer.

    What is refused to a key counts as a request of its workspace, unless the API `is_embedded`.
    """

    def __init__(self, app: ASGIApp, access: Access, *, is_embedded: bool = False) -> None:
        self._app = app
        self._access = access
        self._is_embedded = is_embedded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its grant, or answer with the error about its key."""
        if scope["type"] == "http":
            scope["path"] = _SLASHES.sub("/", scope["path"])  # a base address that ends in a slash makes two
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def let_in() -> JSONResponse | None:
            try:
                grant = await self._access.grant(Headers(scope=scope).get("x-api-key"))
                state["grant"] = grant  # also of what is refused: the log says whose key it was
                require_role(grant, need_of(scope["method"], scope["path"]))
            except EvalsError as error:
                headers = {"WWW-Authenticate": "X-API-KEY"} if error.status == 401 else None
                return JSONResponse({"detail": str(error)}, status_code=error.status, headers=headers)
            return None

        refusal = await let_in()
        if refusal is not None:
            counted = LimitGate(refusal, is_embedded=self._is_embedded, is_free_of_storage=True)
            await counted(scope, receive, send)
            return
        state["let_in"] = let_in
        await self._app(scope, receive, send)
