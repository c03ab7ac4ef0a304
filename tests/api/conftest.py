"""The API in process over a database of its own, for every test of it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from shutil import copyfile

import httpx
import pytest
from fastapi import FastAPI
from tests.api.v5_calls import V5

from evals_mcp.api.access import Grant, OpenAccess
from evals_mcp.api.app import create_app
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


@pytest.fixture(scope="session")
def access() -> AccessOfTest:
    """The access of the application of all tests."""
    return AccessOfTest()


@pytest.fixture(scope="session")
def app(access: AccessOfTest) -> FastAPI:
    """The application of all tests."""
    return create_app(access)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables made, to copy."""
    path = tmp_path_factory.mktemp("empty") / "evals.db"
    open_store(str(path)).close()
    return path


@pytest.fixture
def store(tmp_path: Path, empty_database: Path) -> Iterator[Store]:
    """A store on a SQLite file that is there for one test."""
    path = tmp_path / "evals.db"
    copyfile(empty_database, path)
    store = open_store(str(path))
    yield store
    store.close()


@pytest.fixture
async def api(app: FastAPI, access: AccessOfTest, store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API over the store."""
    access.now = OpenAccess(store)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client


@pytest.fixture
def v5(api: httpx.AsyncClient) -> V5:
    """Calls of the v5 API over the store."""
    return V5(api)
