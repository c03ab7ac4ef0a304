"""`/metrics`: the figures of a server, for Prometheus.

They are about all workspaces: from how often a route is used, one team could tell what another does. So no team's key
opens them. On a server with keys a token of its own does; without one, there are none. Without keys, everybody on this
machine reads them, as they read the data.
"""

import hmac
from hashlib import sha256
from typing import Protocol

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from evals_mcp.api.attempts import note_refusal

PATH = "/metrics"
_OFF = "The metrics of this server are off. Its administrator can set a metrics token."
_NO_TOKEN = "The metrics need the metrics token of this server, as `Authorization: Bearer TOKEN`."
_ONLY_GET = "The metrics are read with GET."


class Figures(Protocol):
    """The figures that a page shows."""

    def page(self, accept: str) -> tuple[str, bytes]:
        """The media type and the text."""
        ...


class MetricsPage:
    """Answers `/metrics`, and passes all other requests on. Without figures, it says that there are none."""

    def __init__(self, app: ASGIApp, figures: Figures | None, token: str | None) -> None:
        self._app = app
        self._figures = figures
        self._token = token
        self._thread: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["route"] = PATH
        await (await self._answer(scope))(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        if self._figures is None:
            return JSONResponse({"detail": _OFF}, 404)
        headers = Headers(scope=scope)
        given = _given(headers)
        if self._token is not None and not _is_same(given, self._token):
            if given:
                note_refusal("metrics token")
            return JSONResponse({"detail": _NO_TOKEN}, 401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
        if scope["method"] not in ("GET", "HEAD"):
            return JSONResponse({"detail": _ONLY_GET}, 405, headers={"Allow": "GET, HEAD"})
        # A thread of its own, because those of requests may all be waiting for the database.
        self._thread = self._thread or CapacityLimiter(1)
        accept = headers.get("accept", "")
        media_type, text = await to_thread.run_sync(self._figures.page, accept, limiter=self._thread)
        return Response(text, headers={"Content-Type": media_type, "Cache-Control": "no-store"})


def _given(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")


def _is_same(given: str, token: str) -> bool:
    return hmac.compare_digest(sha256(given.encode(errors="replace")).digest(), sha256(token.encode()).digest())
