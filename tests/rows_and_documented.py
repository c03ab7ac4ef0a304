"""An assistant twice: on our own rows, and on the documented routes alone."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant
from tests.documented_only import documented_client, mirror_of

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


@pytest.fixture(params=["rows", "documented"])
async def assistant(request: pytest.FixtureRequest, app: Any, client: EvalsClient) -> AsyncIterator[Assistant]:
    """The tools on our own rows, and on the documented routes alone."""
    remote = documented_client(app)
    mirror = None if request.param == "rows" else mirror_of(remote)
    async with connect_assistant(client if mirror is None else remote, mirror=mirror) as found:
        yield found
