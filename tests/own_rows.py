"""An assistant on our own rows; tests/slow repeats its tests on the documented routes alone."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant

from evals_mcp.client.client import EvalsClient
from evals_mcp.wiring import open_embedded_app


@pytest.fixture
def app(tmp_path: Path) -> Any:
    """The API over an empty database."""
    return open_embedded_app(str(tmp_path / "evals.db"))


@pytest.fixture
def client(app: Any) -> EvalsClient:
    """A client of it."""
    return EvalsClient(open_app=lambda: app)


@pytest.fixture
async def assistant(client: EvalsClient) -> AsyncIterator[Assistant]:
    """The tools on our own rows."""
    async with connect_assistant(client) as found:
        yield found
