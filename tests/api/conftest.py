"""The API for every test of it, on SQLite and on PostgreSQL."""

import httpx
import pytest
from tests.api.application import (
    access,
    api,
    app,
    emptied_store,
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
    "emptied_store",
    "postgresql_store",
    "served_api",
    "server",
    "sqlite_store",
    "store",
]


@pytest.fixture
def v5(api: httpx.AsyncClient) -> V5:
    """Calls of the v5 API over the store."""
    return V5(api)
