"""MCP over HTTP for those who have signed in with OAuth, beside those who have an API key."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread
from cachetools import TTLCache
from starlette.types import ASGIApp

from evals_mcp.api.attempts import note_refusal
from evals_mcp.api.grants import Access, Grant, ReadOnly
from evals_mcp.api.keyed_access import KeyedAccess
from evals_mcp.errors import EvalsError, Invalid, Unauthorized, Unavailable, UnknownToken
from evals_mcp.mcp.over_http import Enter, McpOverHttp, SignIn
from evals_mcp.models.roles import Role
from evals_mcp.oauth.people import SignedIn, signed_in
from evals_mcp.oauth.protected_resource import ProtectedResource, challenge
from evals_mcp.oauth.settings import OAuthSettings
from evals_mcp.oauth.signing_keys import Provider
from evals_mcp.oauth.tokens import verified_claims
from evals_mcp.serving.root_path import path_mismatch
from evals_mcp.store.teams.control import Control
from evals_mcp.store.teams.keys import is_like_key
from evals_mcp.wiring import open_mcp

if TYPE_CHECKING:
    from evals_mcp.store.store import Store

_SECONDS_KEPT = 0.5
_MOST_KEPT = 1024
_REFUSED = "an access token, not signed by the identity provider"
_log = logging.getLogger(__name__)


def mcp_with_sign_in(
    others: ASGIApp,
    guard: Callable[[ASGIApp], ASGIApp],
    keys: KeyedAccess,
    control: Control,
    settings: OAuthSettings,
    *,
    read_only: bool,
    open_to: Callable[[Access], Enter] = open_mcp,
) -> ASGIApp:
    """MCP over HTTP before the application `others`, with what clients read to sign in. `open_to` lets people in.

    Raises Invalid and NotFound if the settings lead to no workspace.
    """
    require_workspace(control.workspace, settings)
    access = SignedInAccess(keys, control, settings, Provider(settings))
    advice = (
        f"This server requires a sign-in, with an access token of {settings.issuer}, or an API key, as "
        "`X-API-KEY: KEY` or `Authorization: Bearer KEY`."
    )
    enter = open_to(ReadOnly(access) if read_only else access)
    entrance = McpOverHttp(others, enter, guard, SignIn(challenge(settings), advice), needs_key=True)
    return ProtectedResource(entrance, settings)


def tell_of_sign_in(settings: OAuthSettings, root_path: str, write_line: Callable[[str], None]) -> None:
    """Say whether the provider's keys can be read, without waiting for it, and whether a proxy's path is in the way."""
    if (mismatch := path_mismatch(root_path, settings.resource)) is not None:
        _log.warning("%s", mismatch)

    def read() -> None:
        try:
            url, found = anyio.run(Provider(settings).read)
        except Unavailable as error:
            _log.warning("Sign-in fails as long as the keys of %s cannot be read. %s", settings.issuer, error)
        else:
            count = "1 key" if len(found.ids) == 1 else f"{len(found.ids)} keys"
            write_line(f"evals-mcp takes sign-ins of {settings.issuer}, which publishes {count} at {url}")

    threading.Thread(target=read, daemon=True).start()


class SignedInAccess:
    """API keys open what they open elsewhere. A token opens the workspace that its claims lead to.

    A workspace is looked up again after `_SECONDS_KEPT`, so one that is removed opens no longer.
    """

    def __init__(
        self,
        keys: KeyedAccess,
        control: Control,
        settings: OAuthSettings,
        provider: Provider,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = keys
        self._control = control
        self._settings = settings
        self._provider = provider
        self._opened: TTLCache[str | None, Store] = TTLCache(_MOST_KEPT, _SECONDS_KEPT, timer=clock)

    async def grant(self, key: str | None) -> Grant:
        """Open the workspace of a key or a token. Raises Unauthorized and Unavailable."""
        if not key:
            raise Unauthorized("This server requires a sign-in or an API key.")
        if is_like_key(key):
            return await self._keys.grant(key)
        try:
            claims = await verified_claims(key, self._settings, self._provider)
        except UnknownToken:  # one that has expired was good: whoever has it only signs in again
            note_refusal(_REFUSED)
            raise
        who = signed_in(claims, self._settings)
        store = self._opened.get(who.workspace)
        if store is None:
            store = self._opened[who.workspace] = await to_thread.run_sync(self._open, who)
        return Grant(store, Role.of(who.role), who.id, who.person, workspace=who.workspace)

    def check(self) -> None:
        """Raise Unavailable if the keys cannot be read."""
        self._keys.check()

    def _open(self, who: SignedIn) -> "Store":
        try:
            workspace = self._control.workspace(who.workspace)
        except Unavailable:
            raise
        except EvalsError as error:
            # A claim may have what no log can hold, such as half a character.
            why = str(error).encode("ascii", "backslashreplace").decode()
            _log.warning("Sign-in refused: a token leads to a workspace that cannot be opened. %s", why)
            raise Unauthorized(
                "The token leads to a workspace that does not exist here (any more). Whoever runs this server can "
                "create it, or lead the token's claim to another (EVALS_MCP_OAUTH_WORKSPACES).",
                403,
            ) from None
        return self._keys.store_of(workspace)


def require_workspace(find: Callable[[str | None], object], settings: OAuthSettings) -> None:
    """Raise Invalid or NotFound if no claim leads to the workspace, and the settings name none that is there.

    `find` looks for a workspace by its name, and raises so if there is none.
    """
    if settings.workspace_claim is None:
        try:
            find(settings.workspace)
        except Invalid as error:
            raise Invalid(
                "Sign-in with OAuth needs EVALS_MCP_OAUTH_WORKSPACE_CLAIM, the claim that leads to a person's "
                f"workspace, or EVALS_MCP_OAUTH_WORKSPACE. {error}"
            ) from None
