"""What clients read before they sign in (RFC 9728): which identity provider, and what to ask it for.

Clients in browsers read it from pages of other origins, so these answers allow every origin.
"""

from typing import Any
from urllib.parse import urlsplit

from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from evals_mcp.oauth.settings import MCP_PATH, OAuthSettings

WELL_KNOWN = "/.well-known/oauth-protected-resource"
_NAME = "evals-mcp"
_SECONDS_KEPT = 60


def metadata(settings: OAuthSettings) -> dict[str, Any]:
    """The metadata of this server as a protected resource."""
    scopes = {"scopes_supported": list(settings.asked_scopes)} if settings.asked_scopes else {}
    return {
        "resource": settings.resource,
        "authorization_servers": [settings.issuer],
        **scopes,
        "bearer_methods_supported": ["header"],
        "resource_name": _NAME,
    }


def metadata_address(settings: OAuthSettings) -> str:
    """Where clients find the metadata: a path that reaches this server behind a proxy's prefix, too."""
    parts = urlsplit(settings.resource)
    return f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix(MCP_PATH)}{WELL_KNOWN}{MCP_PATH}"


def challenge(settings: OAuthSettings) -> str:
    """The parameters of `WWW-Authenticate` that tell a client how to sign in."""
    scope = f', scope="{" ".join(settings.asked_scopes)}"' if settings.asked_scopes else ""
    return f'resource_metadata="{metadata_address(settings)}"{scope}'


def metadata_paths(settings: OAuthSettings) -> frozenset[str]:
    """The paths at which the metadata is: of the server, of its `/mcp`, and as clients insert them before a prefix.

    A proxy may pass its prefix on or not.
    """
    path = urlsplit(settings.resource).path
    prefix = path.removesuffix(MCP_PATH)
    own = {WELL_KNOWN, WELL_KNOWN + MCP_PATH, WELL_KNOWN + path}
    return frozenset(own | {prefix + one for one in own})


class ProtectedResource:
    """Answers with the metadata at its paths, and passes all else on."""

    def __init__(self, app: ASGIApp, settings: OAuthSettings) -> None:
        self._app = app
        self._metadata = metadata(settings)
        self._paths = metadata_paths(settings)
        self._open_metadata = CORSMiddleware(
            self._answer, allow_origins=["*"], allow_methods=["GET", "HEAD"], allow_headers=["*"], max_age=600
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for the metadata, or pass the request on."""
        path = scope["path"].rstrip("/") if scope["type"] == "http" else ""
        if path in self._paths:
            await self._open_metadata(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        response: Response
        if scope["method"] in ("GET", "HEAD"):
            response = JSONResponse(self._metadata, headers={"Cache-Control": f"public, max-age={_SECONDS_KEPT}"})
        else:
            response = JSONResponse({"detail": "This can only be read."}, 405, headers={"Allow": "GET, HEAD"})
        await response(scope, receive, send)
