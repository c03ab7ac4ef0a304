"""Proxies before a server: which are trusted, and the clients that they speak for.

Anybody can send the headers of a proxy. So they hold only on connections from an address that the administrator named.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from evals_mcp.errors import Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")
_MOST_HOPS = 20
_NETWORK_OF_SITE = 64  # bits of an IPv6 address: whoever has one has all that begin so
_BUSY = "Too many requests of one client are worked on. Try again soon."


class Proxies:
    """The addresses and networks of trusted proxies."""

    def __init__(self, named: Iterable[str]) -> None:
        """Raises Invalid for what is neither an address nor a network, and for what would trust everybody."""
        self._networks = tuple(_network(text) for text in named)
        self.trusts = lru_cache(4096)(self._trusts)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def _trusts(self, host: str) -> bool:
        """Whether the headers of a connection from an address hold."""
        address = read_address(host)
        return address is not None and self._has(address)

    def _has(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def client_of(self, headers: Headers) -> str | None:
        """The address of the client that a trusted proxy speaks for: the nearest that is no trusted proxy itself.

        None if the proxy says nothing that can be read. What a client has put before it is not looked at.
        """
        found: Address | None = None
        hops = ",".join(headers.getlist("x-forwarded-for")).split(",")
        for hop in reversed(hops[-_MOST_HOPS:]):
            address = read_address(hop.strip())
            if address is None:
                break
            found = address
            if not self._has(address):
                break
        return None if found is None else str(found)


NO_PROXIES = Proxies(())


def _network(text: str) -> _Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        try:
            nearest = f" Did you mean {ipaddress.ip_network(text, strict=False)}?"
        except ValueError:
            nearest = ""
        raise Invalid(
            f"A trusted proxy must be an address or a network, such as 10.0.0.0/8, not {text[:40]!r}.{nearest}"
        ) from None
    if network.prefixlen == 0:
        raise Invalid(f"{text} would trust everybody. Name the addresses of your proxies.")
    return network


def read_address(text: str) -> Address | None:
    """An address, with or without a port; None for anything else. IPv4 within IPv6 is IPv4, and a zone is left out."""
    found = _WITH_PORT.fullmatch(text)
    try:  # a zone is any text that somebody likes, and means nothing on another machine
        address = ipaddress.ip_address(((found[1] or found[2]) if found else text).partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def site_of(host: str) -> str:
    """The address of a client, or its IPv6 network, whose addresses are all one client's; another text as it is."""
    address = read_address(host)
    if address is None:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, _NETWORK_OF_SITE), strict=False))


class Forwarded:
    """Gives requests that come through a trusted proxy the address and the scheme of their clients."""

    def __init__(self, app: ASGIApp, proxies: Proxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        client = scope.get("client")
        if scope["type"] == "http" and client and self._proxies.trusts(client[0]):
            headers = Headers(scope=scope)
            address = self._proxies.client_of(headers)
            if address is not None:
                scope["client"] = (address, 0)
            scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
            if scheme in ("http", "https"):
                scope["scheme"] = scheme
        await self._app(scope, receive, send)


class FewOfEach:
    """Refuses the requests of a client that has too many at once: its connections cannot be counted behind a proxy."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most
        self._of_client = Counter[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 503."""
        if scope["type"] != "http" or not scope.get("client"):
            await self._app(scope, receive, send)
            return
        client = site_of(scope["client"][0])
        if self._of_client[client] >= self._most:
            await JSONResponse({"detail": _BUSY}, 503, headers={"Retry-After": "5"})(scope, receive, send)
            return
        self._of_client[client] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._of_client[client] -= 1
            if not self._of_client[client]:
                del self._of_client[client]
