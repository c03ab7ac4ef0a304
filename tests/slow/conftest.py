"""What the tests that take long need: the API's application, and servers in processes of their own."""

import os
from collections.abc import Callable

import pytest
from tests.api.application import access, app, emptied_store, postgresql_store, server, sqlite_store, store
from tests.serving.server_process import start_server

__all__ = [
    "access",
    "app",
    "emptied_store",
    "examples",
    "postgresql_store",
    "server",
    "sqlite_store",
    "start_server",
    "store",
]

_EXAMPLES = int(os.environ.get("EVALS_MCP_EXAMPLES", "0"))


@pytest.fixture
def examples(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """How many examples to draw of so many: a quarter on PostgreSQL, where the same code sends nearly the same SQL.

    `EVALS_MCP_EXAMPLES` sets another number, for who looks for bugs.
    """
    share = 4 if "postgresql" in request.node.callspec.params.values() else 1
    return lambda number: _EXAMPLES or -(-number // share)
