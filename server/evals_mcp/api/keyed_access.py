"""Access by API key. Each key opens one workspace. The store's `control` stores the keys."""

import time
from collections.abc import Callable

from anyio import to_thread
from cachetools import TTLCache

from evals_mcp.api.grants import Grant
from evals_mcp.errors import EvalsError, Unauthorized, Unavailable
from evals_mcp.models.roles import Role
from evals_mcp.store.store import Store
from evals_mcp.store.teams.api_keys import ApiKey
from evals_mcp.store.teams.control import Control, Workspace
from evals_mcp.store.teams.keys import key_id_of, page_token, secret_digest

_SECONDS_KEPT = 2.0
_MOST_KEPT = 1024
_UNKNOWN = "The API key is unknown or revoked."


class KeyedAccess:
    """Each key opens its own workspace and no other.

    Grants are cached for `_SECONDS_KEPT`, so a revoked key stops working within that time.
    """

    def __init__(self, control: Control, clock: Callable[[], float] = time.monotonic) -> None:
        self._control = control
        self._grants: TTLCache[str, Grant] = TTLCache(_MOST_KEPT, _SECONDS_KEPT, timer=clock)
        self._pages: TTLCache[str, Grant] = TTLCache(_MOST_KEPT, _SECONDS_KEPT, timer=clock)
        self._stores: dict[str, Store] = {}

    async def grant(self, key: str | None) -> Grant:
        """Open the workspace of a key. Raises Unauthorized for a missing, unknown or revoked key, and Unavailable."""
        if not key:
            raise Unauthorized("This server requires an API key in the header `X-API-KEY`.")
        digest = secret_digest(key)
        grant = self._grants.get(digest)
        if grant is None:
            grant = self._grants[digest] = await to_thread.run_sync(self._look_up, key)
        return grant

    def check(self) -> None:
        """Raise Unavailable if the keys cannot be read."""
        self._control.database.check()

    def page_token(self, key: str) -> str:
        """What a browser keeps of a key to read pages with, until the key is revoked. Raises Unauthorized."""
        if self._control.recognise(key) is None:
            raise Unauthorized(_UNKNOWN)
        return page_token(key_id_of(key) or "", secret_digest(key))

    async def grant_page(self, token: str) -> Grant:
        """Open the workspace of a token for pages, to read. Raises Unauthorized and Unavailable."""
        grant = self._pages.get(token)
        if grant is None:
            found = await to_thread.run_sync(self._control.recognise_page, token)
            grant = self._pages[token] = (await to_thread.run_sync(self._open, found))._replace(role=Role.READ)
        return grant

    def _look_up(self, secret: str) -> Grant:
        return self._open(self._control.recognise(secret))

    def _open(self, found: tuple[ApiKey, Workspace] | None) -> Grant:
        if found is None:
            raise Unauthorized(_UNKNOWN)
        key, workspace = found
        store = self._stores.get(workspace.name)
        if store is None:
            try:
                store = self._control.open(workspace)
            except EvalsError as error:
                raise Unavailable(str(error)) from error
            store = self._stores.setdefault(workspace.name, store)
        return Grant(store, key.role, key.id, key.name)
