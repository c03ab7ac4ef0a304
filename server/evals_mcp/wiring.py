"""The composition root: build a server or a client from the settings."""

import gc
import logging
import weakref
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import anyio
from anyio import to_thread

from evals_mcp.client.client import EvalsClient
from evals_mcp.client.row_sources import ServerMirror
from evals_mcp.config import Settings, default_database, read_settings
from evals_mcp.errors import EvalsError, Invalid, Unavailable
from evals_mcp.models.roles import Role
from evals_mcp.models.setup import DatabaseState, Setup
from evals_mcp.variables import DEFAULT_JOURNAL_DAYS, DEFAULT_MAX_TOKENS, is_postgresql

if TYPE_CHECKING:
    from evals_mcp.mcp.server import EvalsServer

_MOST_SERVERS = 256  # workspaces may be removed
_log = logging.getLogger(__name__)
_ADVICE = "Correct the environment variables of evals-mcp in the host's configuration, then restart it."


def build_client(settings: Settings, *, may_write: bool = True) -> EvalsClient:
    """Build a client of the API in the settings. An embedded API opens with the first request.

    Unless it `may_write`, an embedded API refuses every request that would.
    """
    if settings.base_url is not None:
        return EvalsClient(settings.base_url, settings.api_key, key_advice=settings.key_advice)
    embedded = EmbeddedApi(settings.database, settings.journal_days, may_write=may_write)
    return EvalsClient(open_app=embedded.open, data_version=embedded.data_version)


def build_mcp_server(settings: Settings) -> "EvalsServer":
    """Build the MCP server over the API in the settings."""
    from evals_mcp.mcp.server import build_server  # most commands need only the client

    client = build_client(settings, may_write=not settings.read_only)
    return build_server(
        client,
        build_mirror(settings, client),
        max_tokens=settings.max_tokens,
        read_only=settings.read_only,
        setup=setup_of(settings),
    )


def build_mirror(settings: Settings, client: EvalsClient) -> ServerMirror | None:
    """A mirror of the server in the settings, which may lack our routes; None for a database."""
    if settings.base_url is None:
        return None
    # A first answer should not wait for modules that it does not need.
    from evals_mcp.mirror.mirror import Mirror

    return Mirror(client, open_scratch)


def setup_of(settings: Settings) -> Setup:
    """What answers need to know of the settings to say what to do next."""

    def database() -> DatabaseState:
        from evals_mcp.store.database.states import database_state
        from evals_mcp.store.teams.addressed import workspace_names

        state = database_state(settings.database, is_default=settings.database == default_database())
        if "://" not in state.address or "?" in state.address:
            return state
        with suppress(EvalsError):
            state = replace(state, workspaces=workspace_names(settings.database))
        return state

    return Setup(
        import_folders=settings.import_folders,
        may_import=not settings.read_only,
        has_folder_option=settings.has_folder_option,
        in_bundle=settings.in_bundle,
        database=database if settings.base_url is None else None,
        actor=settings.actor,
    )


def load_mcp_server(environ: Mapping[str, str], **options: Any) -> "EvalsServer":
    """Build the MCP server over the API that the environment names; the options are as in `read_settings`.

    With wrong settings, every call of its tools fails with what is wrong.
    """
    from evals_mcp.mcp.server import build_server

    try:
        return build_mcp_server(read_settings(environ, **options))
    except Invalid as error:
        _log.warning("%s", error)
        problem = f"{error} {_ADVICE}"

    def refuse() -> Any:
        raise Unavailable(problem)

    return build_server(EvalsClient(open_app=refuse), max_tokens=DEFAULT_MAX_TOKENS, read_only=False)


def open_scratch() -> EvalsClient:
    """Build a client of an empty workspace that only this process can read, and that ends with it."""
    return EvalsClient(open_app=EmbeddedApi(None).open)


def open_embedded_app(database: str) -> Any:
    """Open the API over a database as an ASGI application. Raises EvalsError if the database cannot be opened."""
    return EmbeddedApi(database).open_whole()


def _whole_app(access: Any) -> Any:
    from evals_mcp.api.app import create_app

    app = create_app(access, is_embedded=True)
    gc.freeze()  # as in `EmbeddedApi`
    return app


class EmbeddedApi:
    """The API over a database in this process, and the version of its data. None is a temporary database.

    The first write creates a file that does not exist. Until then, readers see an empty database.
    """

    def __init__(
        self, database: str | None, journal_days: int = DEFAULT_JOURNAL_DAYS, *, may_write: bool = True
    ) -> None:
        self._database = database
        self._journal_days = journal_days
        self._may_write = may_write
        self._store: Any = None  # the store is a heavy import

    def open(self) -> Any:
        """Open the API as an ASGI application. Raises EvalsError if the database cannot be opened."""
        # Load the database after the handshake, and the framework when it is needed: hosts drop slow servers.
        was_enabled = gc.isenabled()
        gc.disable()  # what is imported is no garbage
        try:
            from evals_mcp.api.embedded import EmbeddedApp

            access = self._open_access()
            app = EmbeddedApp(access, partial(_whole_app, access))
            self._end_with(app)
        finally:
            if was_enabled:
                gc.enable()
        return app

    def open_whole(self) -> Any:
        """Open the API with all of its routes. Raises as `open`."""
        access = self._open_access()
        app = _whole_app(access)
        self._end_with(app)
        return app

    def _end_with(self, app: Any) -> None:
        # A closed SQLite file is complete: it can be copied without the write-ahead log beside it.
        weakref.finalize(app, self._close)
        # The loaded modules live as long as the process. Scanning them for garbage would slow down answers.
        gc.freeze()

    def _open_access(self) -> Any:
        from evals_mcp.api.grants import Access, CreatedByWriting, OpenAccess, ReadOnly
        from evals_mcp.store.database.states import creatable
        from evals_mcp.store.store import open_temporary_store

        if self._database is None:
            self._store = open_temporary_store()
            return OpenAccess(self._store)
        if creatable(self._database):
            empty = open_temporary_store()
            access: Access = CreatedByWriting(empty, self._open_existing, self._open_file)
            weakref.finalize(access, empty.close)
        else:
            access = OpenAccess(self._open_file())
        return access if self._may_write else ReadOnly(access)

    def _open_file(self) -> Any:
        assert self._database is not None
        self._store = _open_store(self._database, self._journal_days)
        return self._store

    def _open_existing(self) -> Any:
        from evals_mcp.store.database.states import creatable

        assert self._database is not None
        return None if creatable(self._database) else self._open_file()

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()

    def data_version(self) -> int | None:
        """A number that changes whenever the data changes; None if that cannot be told."""
        return None if self._store is None else self._store.database.data_version()


def _open_store(address: str, journal_days: int) -> Any:
    if not is_postgresql(address):
        from evals_mcp.store.store import open_store

        return open_store(address, journal_days=journal_days)
    from evals_mcp.store.teams.addressed import open_addressed

    return open_addressed(address, journal_days)


def open_entrance(access: Any) -> Any:
    """The entrance to the pages of a server, for those whom its `access` lets read."""
    from evals_mcp.api.app import create_app
    from evals_mcp.api.grants import OpenAccess, ReadOnly
    from evals_mcp.api.keyed_access import KeyedAccess
    from evals_mcp.pages.entrances import KeyedEntrance, OpenEntrance

    def read(store: Any) -> EvalsClient:
        return EvalsClient(
            open_app=lambda: create_app(ReadOnly(OpenAccess(store)), is_embedded=True),
            data_version=store.database.data_version,
        )

    if not isinstance(access, KeyedAccess):
        return OpenEntrance(read(access.store))

    async def find(token: str) -> tuple[Any, str]:
        grant = await access.grant_page(token)
        return grant.store, grant.key_id or ""

    return KeyedEntrance(access.page_token, find, read)


def open_mcp(
    access: Any, secret: bytes | None = None, max_tokens: int = DEFAULT_MAX_TOKENS, actor: str | None = None
) -> Any:
    """Lets those in to MCP over HTTP to whom `access` grants something; the SDK is loaded for the first of them.

    Who is asked by one process can answer to another that has the same `secret`. `max_tokens` is the default budget of
    an answer. Without keys, `actor` is the name of the person.
    """
    return _McpServers(access, secret, max_tokens, actor).enter


class _McpServers:
    """One MCP server for each workspace and role. What it reads and writes, it does for whoever asks."""

    def __init__(self, access: Any, secret: bytes | None, max_tokens: int, actor: str | None) -> None:
        from cachetools import LRUCache

        self._access = access
        self._secret = secret
        self._max_tokens = max_tokens
        self._setup = Setup(may_import=False, is_served=True, actor=actor)
        self._servers: MutableMapping[tuple[Any, Role], EvalsServer] = LRUCache(_MOST_SERVERS)
        self._building = anyio.Lock()

    async def enter(self, key: str | None) -> Any:
        """The guest of a key. Raises Unauthorized and Unavailable."""
        from evals_mcp.api.grants import granted
        from evals_mcp.mcp.over_http import Guest

        grant = await self._access.grant(key)
        kind = (grant.store, grant.role)
        server = self._servers.get(kind)
        if server is None:
            async with self._building:
                server = self._servers.get(kind)
                if server is None:
                    server = self._servers[kind] = await to_thread.run_sync(self._build, grant)
        return Guest(server, grant.key_id, partial(granted, grant), grant.store.meter)

    def _build(self, grant: Any) -> "EvalsServer":
        from evals_mcp.api.app import create_app
        from evals_mcp.api.grants import GrantedAccess
        from evals_mcp.mcp.server import build_server

        client = EvalsClient(
            open_app=lambda: create_app(GrantedAccess(grant.store), is_embedded=True),
            data_version=grant.store.database.data_version,
            knows_person=grant.person is not None,
        )
        security = self._security(str(grant.store.database.schema))
        return build_server(
            client,
            max_tokens=self._max_tokens,
            read_only=grant.role < Role.LABEL,
            labels_only=grant.role is Role.LABEL,
            setup=self._setup
            if grant.server_reads_only or grant.key_id is None
            else replace(self._setup, role=grant.role),
            **security,
        )

    def _security(self, workspace: str) -> dict[str, Any]:
        """How what a host sends back is known to come from us, for this workspace."""
        if self._secret is None:
            return {}
        from mcp.server.request_state import RequestStateSecurity

        own = blake2b(workspace.encode(), key=self._secret, digest_size=32).digest()
        return {"request_state_security": RequestStateSecurity(keys=[own])}
