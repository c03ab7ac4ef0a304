"""Databases for every test: empty ones on PostgreSQL, and SQLite files with evaluations in them."""

import os
import secrets
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from tests.cached_fixtures import cached_file
from tests.postgresql import create_database, drop_database, running_server
from tests.shared_data import LONG_OUTPUTS, RAG_CHAT, load, require

from evals_mcp.client.client import EvalsClient
from evals_mcp.config import Settings
from evals_mcp.sample.loading import load_sample
from evals_mcp.sample.support_bot import read_sample
from evals_mcp.wiring import build_client

_EXAMPLES = int(os.environ.get("EVALS_MCP_EXAMPLES", "0"))


@pytest.fixture
def examples(request: pytest.FixtureRequest) -> Callable[[int], int]:
    """How many examples to draw of so many: a quarter on PostgreSQL, where the same code sends nearly the same SQL.

    `EVALS_MCP_EXAMPLES` sets another number, for who looks for bugs.
    """
    share = 4 if "postgresql" in request.node.callspec.params.values() else 1
    return lambda number: _EXAMPLES or -(-number // share)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL server: its own, or the one that is given; skips where none can be had."""
    with running_server() as address:
        yield address


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> Iterator[str]:
    """The address of a PostgreSQL database that all tests of this process share, each with schemas of its own."""
    name = f"shared_{secrets.token_hex(6)}"
    yield create_database(postgres_server, name)
    drop_database(postgres_server, name)


@pytest.fixture
def postgres_address(postgres_server: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database that only this test has."""
    name = f"test_{secrets.token_hex(6)}"
    yield create_database(postgres_server, name)
    drop_database(postgres_server, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "evals.db")
    return str(request.getfixturevalue("postgres_address"))


@pytest.fixture(scope="session")
def sample_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the sample evaluation in it; tests that write copy it first."""
    return _loaded(tmp_path_factory, "sample", lambda client: load_sample(client, read_sample()))


@pytest.fixture
def sample_copy(sample_database: Path, tmp_path: Path) -> Path:
    """A copy of the sample's database for a test that writes."""
    path = tmp_path / "copy.db"
    vacuum_into(path, sample_database)
    return path


@pytest.fixture(scope="session")
def recorded_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the recorded evaluations beside the repository, to read; skips where they are absent."""
    require(RAG_CHAT)
    require(LONG_OUTPUTS)

    async def fill(client: EvalsClient) -> None:
        await load(client, RAG_CHAT)
        await load(client, LONG_OUTPUTS, ["claude-opus-4", "mistral-medium-3"])

    return _loaded(tmp_path_factory, "recorded", fill)


def _loaded(factory: pytest.TempPathFactory, name: str, fill: Callable[[EvalsClient], Awaitable[object]]) -> Path:
    """A copy, for this process, of a database that is filled through the API once for all."""

    async def fill_at(path: Path) -> None:
        async with build_client(Settings(database=str(path))) as client:
            await fill(client)

    def make(path: Path) -> None:
        loading = path.with_suffix(".loading")
        anyio.run(fill_at, loading)
        vacuum_into(path, loading)

    path = factory.mktemp(name) / f"{name}.db"
    shutil.copyfile(cached_file(factory, f"{name}.db", make), path)
    return path


def vacuum_into(path: Path, database: Path) -> None:
    """Copy a database, with what is still in its log, into a single file."""
    with closing(sqlite3.connect(database)) as source:
        source.execute("VACUUM INTO ?", (str(path),))
