"""The application that the API's tests share, in process or behind a socket, over a store that can be emptied."""

import secrets
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import insert, select
from tests.postgresql import create_database, drop_database

from evals_mcp.api.app import create_app
from evals_mcp.api.grants import Grant, OpenAccess
from evals_mcp.api.middleware.local_only import LocalOnly
from evals_mcp.api.middleware.request_log import RequestLog
from evals_mcp.store.database.tables import metadata
from evals_mcp.store.store import Store, open_store


class AccessOfTest:
    """The access of whichever test runs: routes are slow to build, so one application serves all tests."""

    now: OpenAccess

    async def grant(self, key: str | None) -> Grant:
        """What the access of the test grants."""
        return await self.now.grant(key)

    def check(self) -> None:
        """Check the access of the test."""
        self.now.check()


class EmptiedStore:
    """A store that `empty` brings back to what it holds now, in a fraction of the time that a new one takes."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.database.read() as connection:
            found = {table: connection.execute(select(table)).mappings().all() for table in metadata.sorted_tables}
        schema = f'"{store.database.schema}".' if store.database.schema else ""
        # As plain SQL: to build and compile the statements takes longer than to run them.
        self._emptying = [f'DELETE FROM {schema}"{table.name}"' for table in reversed(metadata.sorted_tables)]
        if schema:
            self._emptying = ["; ".join(self._emptying)]  # one journey
        self._first = {
            table: sorted(map(dict, rows), key=lambda row: (row.get("number", 0), row.get("path", "")))
            for table, rows in found.items()
            if rows
        }

    def empty(self) -> Store:
        """The store with nothing in it but what it had at first."""
        with self.store.database.write() as connection:
            for statement in self._emptying:
                connection.exec_driver_sql(statement)
            for table, rows in self._first.items():
                connection.execute(insert(table), rows)
        return self.store


@pytest.fixture(scope="session")
def access() -> AccessOfTest:
    """The access of the application of all tests."""
    return AccessOfTest()


@pytest.fixture(scope="session")
def app(access: AccessOfTest) -> FastAPI:
    """The application of all tests."""
    return create_app(access)


@pytest.fixture(scope="session")
def server(app: FastAPI) -> Iterator[str]:
    """The address of a server of the application of all tests."""
    with served(app) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmptiedStore]:
    """The SQLite file of all tests."""
    store = open_store(str(tmp_path_factory.mktemp("api") / "evals.db"))
    yield EmptiedStore(store)
    store.close()


@pytest.fixture(scope="session")
def postgresql_store(postgres_server: str) -> Iterator[EmptiedStore]:
    """The workspace on PostgreSQL of all tests."""
    name = f"api_{secrets.token_hex(6)}"
    store = open_store(create_database(postgres_server, name), "team")
    yield EmptiedStore(store)
    store.close()
    drop_database(postgres_server, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def emptied_store(request: pytest.FixtureRequest) -> EmptiedStore:
    """The store on each database, for a test that empties it itself."""
    found: EmptiedStore = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def store(emptied_store: EmptiedStore, access: AccessOfTest) -> Store:
    """An empty store on each database, which the application of all tests serves."""
    access.now = OpenAccess(emptied_store.store)
    return emptied_store.empty()


@pytest.fixture
async def api(app: FastAPI, store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API over the store, in process."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client


@pytest.fixture
async def served_api(server: str, store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API over the store, over a socket."""
    async with httpx.AsyncClient(base_url=server, verify=False, timeout=240) as client:
        yield client


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of a server of the application in a thread of this process, dressed as `serve` dresses it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        dressed = RequestLog(LocalOnly(app), lambda line: None)
        config = uvicorn.Config(dressed, log_config=None, access_log=False, lifespan="off", ws="none")
        config.timeout_graceful_shutdown = 30  # what a failed test left unfinished is not waited for for ever
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        host, port = listener.getsockname()
        try:
            yield f"http://{host}:{port}"
        finally:
            server.should_exit = True
            thread.join()
