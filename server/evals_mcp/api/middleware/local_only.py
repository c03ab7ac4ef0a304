"""Protects a server without keys from web pages, which could reach it through a browser on this machine, and from
whoever a proxy on this machine speaks for."""

import ipaddress
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_FOR = re.compile(r'for="?([^",;\s]*)', re.IGNORECASE)
_CLIENTS = ("x-forwarded-for", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip")
"""Headers in which proxies name their client, beside `Forwarded`."""
_PORT = re.compile(r"(?<=[\d\]]):\d+$")


class LocalOnly:
    """Refuses requests to other host names, from pages of other origins, and for clients of a proxy elsewhere.

    A header of a proxy only ever lets it refuse: who leaves it out is on this machine, as the socket is.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        if scope["type"] == "http" and not _is_local(Headers(scope=scope)):
            detail = "This server has no API keys, so it only answers requests to and from this machine."
            await JSONResponse({"detail": detail}, status_code=403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_loopback(host: str) -> bool:
    """Whether a host (name or address) is loopback."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_local(headers: Headers) -> bool:
    hosts = [*(headers.getlist("host") or [""]), *headers.getlist("x-forwarded-host")]
    addresses = [*(f"//{host.strip()}" for line in hosts for host in line.split(",")), *headers.getlist("origin")]
    return all(is_loopback(_host(address)) for address in addresses) and all(map(is_loopback, _clients(headers)))


def _clients(headers: Headers) -> list[str]:
    """Whom proxies say that they speak for."""
    named = [name for header in _CLIENTS for line in headers.getlist(header) for name in line.split(",")]
    named += [name for line in headers.getlist("forwarded") for name in _FOR.findall(line) or [""]]
    return [_PORT.sub("", name.strip()).strip("[]") for name in named]


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
