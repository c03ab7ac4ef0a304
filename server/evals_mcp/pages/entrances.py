"""Who may read the pages of a server, and the client that reads for them."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple, Protocol

from cachetools import LRUCache

from evals_mcp.client.client import EvalsClient

_MOST_CLIENTS = 256  # workspaces may be removed


class Visitor(NamedTuple):
    """Somebody who may read: with which client, and the id of their key (not a secret), if they have one."""

    client: EvalsClient
    key_id: str | None = None


class Entrance(Protocol):
    """Lets visitors in."""

    @property
    def takes_keys(self) -> bool:
        """Whether visitors sign in with a key."""
        ...

    async def enter(self, token: str | None) -> Visitor:
        """The visitor of a token. Raises Unauthorized for a missing one and one that is not valid, and Unavailable."""
        ...

    async def sign_in(self, key: str) -> str:
        """The token of a key, which stays valid as long as the key. Raises Unauthorized and Unavailable."""
        ...


class OpenEntrance:
    """Everybody reads, on a server without keys that only this machine reaches."""

    takes_keys = False

    def __init__(self, client: EvalsClient) -> None:
        self._visitor = Visitor(client)

    async def enter(self, token: str | None) -> Visitor:
        """The one visitor."""
        return self._visitor

    async def sign_in(self, key: str) -> str:
        """Nothing to remember: there are no keys."""
        return ""


class KeyedEntrance:
    """A visitor reads the workspace of their key.

    `find` gives the workspace's data and the key's id for a token. Each workspace has one client.
    """

    takes_keys = True

    def __init__(
        self,
        token_of: Callable[[str], Awaitable[str]],
        find: Callable[[str], Awaitable[tuple[Hashable, str]]],
        open_client: Callable[[Any], EvalsClient],
    ) -> None:
        self._token_of = token_of
        self._find = find
        self._open_client = open_client
        self._clients: LRUCache[Hashable, EvalsClient] = LRUCache(_MOST_CLIENTS)

    async def enter(self, token: str | None) -> Visitor:
        """The visitor of a token. Raises as `find`."""
        workspace, key_id = await self._find(token or "")
        client = self._clients.get(workspace)
        if client is None:
            client = self._clients[workspace] = self._open_client(workspace)
        return Visitor(client, key_id)

    async def sign_in(self, key: str) -> str:
        """The token of a key. Raises Unauthorized."""
        return await self._token_of(key)
