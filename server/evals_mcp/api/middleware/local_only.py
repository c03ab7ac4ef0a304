"""Keeps web pages away from a server without keys: a browser on this machine would let any page reach it."""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class LocalOnly:
    """Refuses requests to another name than this machine's own, and those that a page from elsewhere sends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with 403."""
        if scope["type"] == "http" and not _is_local(Headers(scope=scope)):
            detail = "This server has no keys, so it answers only requests to and from this machine."
            await JSONResponse({"detail": detail}, status_code=403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_loopback(host: str) -> bool:
    """Whether a host (a name or an address) is this machine and can be reached from nowhere else."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_local(headers: Headers) -> bool:
    origin = headers.get("origin")
    places = [f"//{headers.get('host', '')}"] + ([] if origin is None else [origin])
    return all(is_loopback(_host(place)) for place in places)


def _host(place: str) -> str:
    try:
        return urlsplit(place).hostname or ""
    except ValueError:
        return ""
