"""The path that a proxy has before a server's own. The proxy may strip it or not."""

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evals_mcp.errors import Invalid
from evals_mcp.oauth.settings import MCP_PATH

_ROOT_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_OWN = frozenset(
    (
        "docs",
        "evaluations",
        "health",
        "logs",
        "mcp",
        "metrics",
        "openapi.json",
        "ready",
        "redoc",
        "sign-out",
        "v4",
        "v5",
    )
)
"""What our own paths begin with: behind one of these, nobody could tell whether the proxy has stripped it."""


def checked_root_path(root_path: str) -> str:
    """A root path without a slash at its end; "" for none. Raises Invalid."""
    path = root_path.strip().rstrip("/")
    if not path:
        return ""
    if not _ROOT_PATH.fullmatch(path):
        raise Invalid(f"The root path must look like /evals: letters, digits and `-._~`, not {root_path[:40]!r}.")
    first = path.split("/")[1]
    if first in _OWN:
        raise Invalid(f"The root path must not begin with /{first}: this server has such a path of its own.")
    return path


def path_mismatch(root_path: str, resource: str) -> str | None:
    """At which address people cannot sign in, because the paths of a proxy and of the resource differ.

    Clients refuse a resource that is not the address that they were given. None if the paths agree.
    """
    root, parts = root_path.strip().rstrip("/"), urlsplit(resource)
    prefix = parts.path.removesuffix(MCP_PATH)
    if prefix == root:
        return None
    if not root:
        return (
            f"People can sign in at {resource} (oauth.resource) only if the proxy strips {prefix}: root_path is not "
            f"set. Set it to {prefix}."
        )
    entered = f"{parts.scheme}://{parts.netloc}{root}{MCP_PATH}"
    return (
        f"Whoever enters {entered} cannot sign in: oauth.resource is {resource}, and root_path {root}. Set "
        f"oauth.resource to {entered}, unless the proxy leads {resource} to {MCP_PATH} of this server."
    )


class RootPath:
    """Takes the root path off each request, if it is there, and tells it to whoever makes addresses."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root = root_path
        self._raw_root = root_path.encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. The root path itself leads to the first page, whose links are relative."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] == self._root:
            query = scope["query_string"].decode("latin-1")
            there = f"./{self._root.rpartition('/')[2]}/" + (f"?{query}" if query else "")
            await RedirectResponse(there, 308)(scope, receive, send)
            return
        below = {**scope, "root_path": self._root}
        if scope["path"].startswith(self._root + "/"):
            below["path"] = scope["path"].removeprefix(self._root)
            raw: bytes = scope.get("raw_path") or b""
            below["raw_path"] = raw.removeprefix(self._raw_root) if raw.startswith(self._raw_root) else None
        await self._app(below, receive, self._leading(scope, send))

    def _leading(self, scope: Scope, send: Send) -> Send:
        """Redirects to this server, as frameworks write them, lead below the root path."""
        here = f"{scope['scheme']}://{Headers(scope=scope).get('host', '')}/"

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                location = headers.get("location", "")
                if location.startswith(here):
                    headers["location"] = f"{here[:-1]}{self._root}/{location.removeprefix(here)}"
            await send(message)

        return sent
