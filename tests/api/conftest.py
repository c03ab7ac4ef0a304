"""The API for every test of it, on SQLite; some files ask for both databases, and tests/slow repeats the others."""

import httpx
import pytest
from tests.api.application import (
    EmptiedStore,
    access,
    api,
    app,
    postgresql_store,
    served_api,
    server,
    sqlite_store,
    store,
)
from tests.api.v5_calls import V5

__all__ = [
    "access",
    "api",
    "app",
    "postgresql_store",
    "served_api",
    "server",
    "sqlite_store",
    "store",
]


@pytest.fixture
def emptied_store(sqlite_store: EmptiedStore) -> EmptiedStore:
    """SQLite. A file of which SQL differs on PostgreSQL imports the fixture of both."""
    return sqlite_store


@pytest.fixture
def v5(api: httpx.AsyncClient) -> V5:
    """Calls of the v5 API over the store."""
    return V5(api)
