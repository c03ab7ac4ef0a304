"""One browser, one server and one host's script for all tests of this folder; they skip where a part is missing."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.browser.app_host import OpenHost, connect_client, open_host
from tests.browser.chromium import open_chromium
from tests.browser.node_programs import HOST, axe_script, bundle_host
from tests.node_packages import require_node

from mcp import Client

if TYPE_CHECKING:
    from playwright.async_api import Browser


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for all tests, since they share a browser and a server."""
    return "asyncio"


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator["Browser"]:
    """Chromium, started once."""
    async with open_chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def node() -> str:
    """Node, and the packages of `host/`."""
    return require_node(HOST)


@pytest.fixture(scope="session")
def axe(node: str) -> str:
    """The script of axe-core."""
    return axe_script()


@pytest.fixture(scope="session")
def host_script(node: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of the host."""
    return bundle_host(node, tmp_path_factory.mktemp("host") / "host.js")


@pytest.fixture(scope="session")
async def database(sample_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The evaluations that are shown, in a database that the tests of this folder may write to."""
    from tests.browser.shown_evaluations import add_shown_evaluations
    from tests.databases import vacuum_into

    path = tmp_path_factory.mktemp("shown") / "evals.db"
    vacuum_into(path, sample_database)
    await add_shown_evaluations(path)
    return path


@pytest.fixture(scope="session")
async def client(database: Path) -> AsyncIterator[Client]:
    """An SDK client that shows views, at a server in a process of its own, over real stdio."""
    async with connect_client(database) as connected:
        yield connected


@pytest.fixture(scope="session")
def new_host(browser: "Browser", host_script: str, client: Client) -> OpenHost:
    """Opens a page with the host in it; takes `theme` and `width`."""
    return partial(open_host, browser, host_script, client)
