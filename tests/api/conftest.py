"""The API for every test of it, four times: in process and behind a socket, on SQLite and on PostgreSQL."""

import secrets
from collections.abc import AsyncIterator, Iterator

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from tests.api.settings import SETTINGS, AccessOfTest, EmptiedStore, served
from tests.api.v5_calls import V5

from evals_mcp.api.access import OpenAccess
from evals_mcp.api.app import create_app
from evals_mcp.store.store import Store, open_store


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
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    store = open_store(postgres_server.replace("/postgres?", f"/{name}?"), "team")
    yield EmptiedStore(store)
    store.close()


@pytest.fixture(params=SETTINGS)
def setting(request: pytest.FixtureRequest) -> str:
    """One of the four settings; a test that needs the API or its store is run once in each."""
    return str(request.param)


@pytest.fixture
def emptied_store(request: pytest.FixtureRequest, setting: str) -> EmptiedStore:
    """The store of the setting, for a test that empties it itself."""
    found: EmptiedStore = request.getfixturevalue(setting.split("-")[1] + "_store")
    return found


@pytest.fixture
def store(emptied_store: EmptiedStore) -> Store:
    """An empty store of the setting."""
    return emptied_store.empty()


@pytest.fixture
async def api(
    request: pytest.FixtureRequest, setting: str, app: FastAPI, access: AccessOfTest, store: Store
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API over the store."""
    access.now = OpenAccess(store)
    if setting.startswith("process"):
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://api"
        )
    else:
        client = httpx.AsyncClient(base_url=request.getfixturevalue("server"), verify=False, timeout=60)
    async with client:
        yield client


@pytest.fixture
def v5(api: httpx.AsyncClient) -> V5:
    """Calls of the v5 API over the store."""
    return V5(api)
