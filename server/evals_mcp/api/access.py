"""Which store a request may use. `keyed_access` decides by API key."""

from typing import Annotated, NamedTuple, Protocol

from fastapi import Depends, Request

from evals_mcp.errors import Unauthorized
from evals_mcp.store.store import Store

_READING_METHODS = ("GET", "HEAD")


class Grant(NamedTuple):
    """What a request may use: a store, and whether it may write. With a key, its id (not a secret) and its name.

    The name says whose key it is: the author of what people judge with it.
    """

    store: Store
    may_write: bool = True
    key_id: str | None = None
    person: str | None = None


class Access(Protocol):
    """Decides what a request may do."""

    async def grant(self, key: str | None) -> Grant:
        """Return the grant of an API key. Raises Unauthorized for an invalid key, and Unavailable."""
        ...

    def check(self) -> None:
        """Raise Unavailable if the data cannot be reached."""
        ...


class OpenAccess:
    """One store for all requests: for the embedded API, and for a server on loopback without keys."""

    def __init__(self, store: Store) -> None:
        self._grant = Grant(store)

    async def grant(self, key: str | None) -> Grant:
        """Return the store, whatever the key."""
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
        raise Unauthorized("This API key is read-only.", 403)
    return grant.store


async def _person(request: Request) -> str | None:
    grant: Grant = request.state.grant
    return grant.person


CurrentPerson = Annotated[str | None, Depends(_person)]
"""The name of the request's key, as a handler parameter; None without keys."""

CurrentStore = Annotated[Store, Depends(_current_store)]
"""The store of the request, as a handler parameter. All methods except GET need a key that can write."""

ReadStore = Annotated[Store, Depends(_store_to_read)]
"""The store of the request, for a POST handler that only reads."""
