"""Who may do what: grants, and what decides about them. Without FastAPI, which a first answer does not need."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import NamedTuple, Protocol

from anyio import to_thread

from evals_mcp.errors import Unauthorized
from evals_mcp.models.roles import Role
from evals_mcp.store.store import Store


class Grant(NamedTuple):
    """What a request may use: a store, and in which role. With a key, its id (not a secret) and its name.

    The name says whose key it is: the author of what people judge with it. A store that is empty because its database
    does not exist has `create`, which creates the database and returns its store. `server_reads_only` if it is the
    server that lets everybody read alone, whatever their key. `workspace` is the name of the store's, where it has one.
    """

    store: Store
    role: Role = Role.WRITE
    key_id: str | None = None
    person: str | None = None
    create: Callable[[], Store] | None = None
    server_reads_only: bool = False
    workspace: str | None = None

    @property
    def names_creators(self) -> bool:
        """Whether a copy through it may say who created what: an admin's may, and any where there are no keys."""
        return self.role >= Role.ADMIN or (self.key_id is None and self.person is None)


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

    @property
    def store(self) -> Store:
        """The one store."""
        return self._grant.store

    async def grant(self, key: str | None) -> Grant:
        """Return the store, whatever the key."""
        return self._grant

    def check(self) -> None:
        """Raise Unavailable if the store cannot be read."""
        self._grant.store.check()


class ReadOnly:
    """The same stores, which no request may write to."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def grant(self, key: str | None) -> Grant:
        """Return the grant with the right to read alone. Raises as the access."""
        return (await self._access.grant(key))._replace(role=Role.READ, server_reads_only=True)

    def check(self) -> None:
        """Raise Unavailable if the data cannot be reached."""
        self._access.check()


_granted: ContextVar[Grant | None] = ContextVar("granted", default=None)


@contextmanager
def granted(grant: Grant) -> Iterator[None]:
    """Let requests in process, in this block and what it starts, have a grant that was given already."""
    token = _granted.set(grant)
    try:
        yield
    finally:
        _granted.reset(token)


class GrantedAccess:
    """One store, for requests in process of those who were granted it: no key is read again."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def grant(self, key: str | None) -> Grant:
        """The present grant. Raises Unauthorized without one, and for a grant of another store."""
        grant = _granted.get()
        if grant is None or grant.store is not self._store:
            raise Unauthorized("Nobody was granted this.")
        return grant

    def check(self) -> None:
        """Raise Unavailable if the store cannot be read."""
        self._store.check()


class CreatedByWriting:
    """One store for all requests, whose database file does not exist yet. Reading finds it empty and creates nothing.

    `open_existing` returns the store of a file that another process has created meanwhile, else None.
    """

    def __init__(self, empty: Store, open_existing: Callable[[], Store | None], create: Callable[[], Store]) -> None:
        self._empty = empty
        self._open_existing = open_existing
        self._create = create
        self._store: Store | None = None
        self._lock = Lock()

    async def grant(self, key: str | None) -> Grant:
        """Return the store, whatever the key. Raises EvalsError if a file that is there now cannot be opened."""
        store = self._store or await to_thread.run_sync(self._found)
        return Grant(self._empty, create=self._created) if store is None else Grant(store)

    def check(self) -> None:
        """Raise Unavailable if the store cannot be read."""
        (self._store or self._empty).check()

    def _found(self) -> Store | None:
        with self._lock:
            self._store = self._store or self._open_existing()
            return self._store

    def _created(self) -> Store:
        with self._lock:
            self._store = self._store or self._create()
            return self._store
