"""Runs of versions without names are told apart on PostgreSQL, too."""

import secrets
from collections.abc import AsyncIterator

import pytest
from tests.postgresql import create_database, drop_database
from tests.repeated import repeated_tests
from tests.serving.administration import create_workspace
from tests.tools import test_unnamed_versions
from tests.tools.test_unnamed_versions import Reviewer, anyio_backend, reviewing

from evals_mcp.variables import with_workspace

__all__ = ["anyio_backend"]

pytestmark = pytest.mark.anyio
globals().update(repeated_tests(test_unnamed_versions))


@pytest.fixture(scope="module")
async def reviewer(postgres_server: str) -> AsyncIterator[Reviewer]:
    """A reviewer at a database of PostgreSQL."""
    name = f"unnamed_{secrets.token_hex(6)}"
    address = create_database(postgres_server, name)
    create_workspace(address, "unnamed")
    async for reviewer in reviewing(with_workspace(address, "unnamed")):
        yield reviewer
    drop_database(postgres_server, name)
