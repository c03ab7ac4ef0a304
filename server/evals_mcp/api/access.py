"""Which store a request may use; access by keys is in `keyed_access`."""

from typing import Annotated, NamedTuple, Protocol

from fastapi import Depends, Request

from evals_mcp.errors import Unauthorized
from evals_mcp.store.store import Store

_READING_METHODS = ("GET", "HEAD")


class Grant(NamedTuple):
    """What a key gives: a store, whether it may be changed, and the key's id (no secret), if there is a key."""

    store: Store
    may_write: bool = True
    key_id: str | None = None


class Access(Protocol):
    """Decides what a request may do."""

    async def grant(self, key: str | None) -> Grant:
        """What an API key gives. Raises Unauthorized for one that gives nothing, and Unavailable."""
        ...

    def check(self) -> None:
        """Raise Unavailable if the data cannot be reached."""
        ...


class OpenAccess:
    """One store for everybody: the embedded API, and a server on loopback without keys."""

    def __init__(self, store: Store) -> None:
        self._grant = Grant(store)

    async def grant(self, key: str | None) -> Grant:
        """The one store, whatever the key."""
        return self._grant

    def check(self) -> None:
        """Raise Unavailable if the store cannot be read."""
        self._grant.store.database.check()


async def _store_to_read(request: Request) -> Store:
    grant: Grant = request.state.grant
    return grant.store


async def _current_store(request: Request) -> Store:
    grant: Grant = request.state.grant
    if not grant.may_write and request.method not in _READING_METHODS:
        raise Unauthorized("This API key may only read.", 403)
    return grant.store


CurrentStore = Annotated[Store, Depends(_current_store)]
"""The store of the request, as a parameter of a handler; anything but GET needs a key that may write."""

ReadStore = Annotated[Store, Depends(_store_to_read)]
"""The store of the request for a handler that only reads although its method is POST."""
