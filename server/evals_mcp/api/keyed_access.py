"""Access by API key. Each key opens one workspace. The store's `control` stores the keys."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from anyio import CapacityLimiter, to_thread
from cachetools import LRUCache

from evals_mcp.api.attempts import note_refusal
from evals_mcp.api.grants import Grant
from evals_mcp.errors import EvalsError, Unauthorized, Unavailable
from evals_mcp.models.roles import Role
from evals_mcp.store.store import Store
from evals_mcp.store.teams.api_keys import ApiKey
from evals_mcp.store.teams.control import Control
from evals_mcp.store.teams.keys import key_id_of, page_token, page_token_id, secret_digest
from evals_mcp.store.teams.workspaces import Workspace

SECONDS_KEPT = 0.5
"""How long what a key gave is used without another look. So a revoked key ends within a second."""
SECONDS_KNOWN = 300.0
"""How long a key goes on working after it was last seen, while nobody can look."""
SECONDS_TO_LOOK = 2.0
"""How long a request with a key that is known waits for the look."""

_MOST_KEPT = 1024
_LOOKS_AT_ONCE = 8
_UNKNOWN = "The API key is unknown or revoked."
_REFUSED, _EXPIRED, _PAGE = "an API key, unknown or revoked", "an API key, expired", "the cookie of a page"

_Found = tuple[ApiKey, Workspace] | None


@dataclass(slots=True)
class _Known:
    """What a key gave: when the look began that found it, and until when it needs no other one."""

    grant: Grant
    expires_at: datetime | None
    seen: float
    until: float


_Look = tuple[asyncio.Task[_Known | None], float]
"""A look at the database, and when it began."""


class KeyedAccess:
    """Each key opens its own workspace and no other.

    `clock` is in seconds and never set back; when a key expires is a time of the `control`'s own clock.
    """

    def __init__(self, control: Control, clock: Callable[[], float] = time.monotonic) -> None:
        self._control = control
        self._clock = clock
        self._known: LRUCache[str, _Known] = LRUCache(_MOST_KEPT)
        self._looks: dict[str, _Look] = {}
        self._at_once = CapacityLimiter(_LOOKS_AT_ONCE)
        self._stores: dict[str | None, Store] = {}  # by schema, which is one workspace's for ever, unlike its name

    async def grant(self, key: str | None) -> Grant:
        """Open the workspace of a key. Raises Unauthorized for a missing, unknown, revoked or expired key, and
        Unavailable."""
        if not key:
            raise Unauthorized("This server requires an API key in the header `X-API-KEY`.")
        known = await self._current(secret_digest(key), lambda: self._control.recognise(key))
        return self._used(known, _REFUSED, key_id_of(key))

    def check(self) -> None:
        """Raise Unavailable if the keys cannot be read."""
        self._control.has_keys()

    async def page_token(self, key: str) -> str:
        """What a browser keeps of a key to read pages with, as long as the key works. Raises as `grant`."""
        if not key:
            raise Unauthorized(_UNKNOWN)
        await self.grant(key)
        return page_token(key_id_of(key) or "", secret_digest(key))

    async def grant_page(self, token: str) -> Grant:
        """Open the workspace of a token for pages, to read. Raises Unauthorized and Unavailable."""
        if not token:
            raise Unauthorized("Sign in first.")
        known = await self._current(f"page {token}", lambda: self._control.recognise_page(token))
        return self._used(known, _PAGE, page_token_id(token))._replace(role=Role.READ)

    def _used(self, known: _Known | None, refused: str, key_id: str | None) -> Grant:
        if known is None:
            note_refusal(refused, key_id)
            raise Unauthorized(_UNKNOWN)
        if known.expires_at is not None and known.expires_at <= self._control.database.now():
            note_refusal(_EXPIRED, known.grant.key_id)
            raise Unauthorized(f"The API key expired on {known.expires_at:%Y-%m-%d}. Ask for another one.")
        self._control.last_uses.note(known.grant.key_id or "")
        return known.grant

    async def _current(self, name: str, find: Callable[[], _Found]) -> _Known | None:
        """What a key gives now; None for an unknown one. Raises Unavailable if nobody can look and it was not seen
        lately."""
        known = self._known.get(name)
        if known is not None and self._clock() < known.until:
            return known
        look, started = self._looks.get(name) or self._begin_look(name, find)
        is_known = known is not None and self._clock() - known.seen < SECONDS_KNOWN
        patience = max(0.0, started + SECONDS_TO_LOOK - self._clock())
        await asyncio.wait({look}, timeout=patience if is_known else None)
        if look.done() and not isinstance(look.exception(), Unavailable):
            return look.result()
        if is_known:
            assert known is not None
            known.until = self._clock() + SECONDS_KEPT
            return known
        return look.result()

    def _begin_look(self, name: str, find: Callable[[], _Found]) -> _Look:
        look = asyncio.create_task(self._look(name, find))
        look.add_done_callback(lambda done: self._end_look(name, done))
        self._looks[name] = look, self._clock()
        return self._looks[name]

    def _end_look(self, name: str, look: asyncio.Task[_Known | None]) -> None:
        del self._looks[name]
        if not look.cancelled():
            look.exception()  # whoever waited has it; often nobody does any more

    async def _look(self, name: str, find: Callable[[], _Found]) -> _Known | None:
        started = self._clock()
        found = await to_thread.run_sync(self._open, find, limiter=self._at_once)
        if found is None:
            self._known.pop(name, None)
            return None
        key, grant = found
        known = self._known[name] = _Known(grant, key.expires_at, started, started + SECONDS_KEPT)
        return known

    def _open(self, find: Callable[[], _Found]) -> tuple[ApiKey, Grant] | None:
        found = find()
        if found is None:
            return None
        key, workspace = found
        return key, Grant(self.store_of(workspace), key.role, key.id, key.name, workspace=workspace.name)

    def store_of(self, workspace: Workspace) -> Store:
        """The store of a workspace, the same at each call. Raises Unavailable."""
        store = self._stores.get(workspace.schema)
        if store is None:
            try:
                store = self._control.open(workspace)
            except EvalsError as error:
                raise Unavailable(str(error)) from error
            store = self._stores.setdefault(workspace.schema, store)
            self._forget_removed()
        return store

    def _forget_removed(self) -> None:
        there = {workspace.schema for workspace in self._control.workspaces()}
        for schema in self._stores.keys() - there:
            self._stores.pop(schema, None)
