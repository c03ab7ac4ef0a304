"""Logs one line for each answered request, without keys, query and body."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evals_mcp.store.teams.keys import without_keys


class RequestLog:
    """Writes time, client, key id, method, path, status and milliseconds of each answered request."""

    def __init__(self, app: ASGIApp, write: Callable[[str], None]) -> None:
        self._app = app
        self._write = write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and write its line, with `-` for missing values."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = "-"

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            self._write(_line(scope, status, time.perf_counter() - started))


def logged_path(path: str) -> str:
    """A percent-encoded path for a log: without keys that somebody put into it, however they are encoded.

    Encoded as it is, it cannot break the line or send codes to a terminal.
    """
    plain = path
    while (decoded := unquote(plain)) != plain:
        plain = decoded
    hidden = without_keys(plain)
    return path if hidden == plain else quote(hidden, safe="/*")


def _line(scope: Scope, status: str, seconds: float) -> str:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    client = (scope.get("client") or ("-",))[0]
    grant = scope.get("state", {}).get("grant")
    key_id = getattr(grant, "key_id", None) or "-"
    path = logged_path(scope.get("raw_path", b"-").decode("ascii", errors="backslashreplace"))
    return f"{now} {client} {key_id} {scope['method']} {path} {status} {seconds * 1000:.0f}ms"
