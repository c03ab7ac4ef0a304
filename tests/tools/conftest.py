"""Desks at the sample evaluation: one that all tests read at, and fresh ones for tests that write."""

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anyio
import pytest
from tests.desk import Desk, at_desk

from evals_mcp.config import Settings
from evals_mcp.sample.loading import load_sample
from evals_mcp.sample.support_bot import read_sample
from evals_mcp.wiring import build_client

_CACHE = Path(__file__).parents[2] / "../shared/bench/tokcache"


@pytest.fixture(scope="session")
def sample_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the sample evaluation; it is copied and never written to."""
    path = tmp_path_factory.mktemp("sample") / "sample.db"

    async def fill() -> None:
        async with build_client(Settings(database=str(path))) as client:
            await load_sample(client, read_sample())

    anyio.run(fill)
    return path


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Desks stay open for several tests, so the loop does."""
    return "asyncio"


def _copy(database: Path, folder: Path) -> Path:
    for file in database.parent.glob(f"{database.name}*"):
        shutil.copy(file, folder / file.name)
    return folder / database.name


@pytest.fixture(scope="module")
async def desk(sample_database: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk for reading; the tests of a module share it."""
    path = _copy(sample_database, tmp_path_factory.mktemp("desk"))
    async with build_client(Settings(database=str(path))) as client, at_desk(client) as desk:
        yield desk


@pytest.fixture
def database(sample_database: Path, tmp_path: Path) -> Path:
    """A copy of the sample's database for one test."""
    return _copy(sample_database, tmp_path)


@pytest.fixture
async def own_desk(database: Path) -> AsyncIterator[Desk]:
    """A desk at a database of its own, which may be written to."""
    async with build_client(Settings(database=str(database))) as client, at_desk(client) as desk:
        yield desk


@pytest.fixture(scope="session")
def real_tokens() -> Callable[[str], int]:
    """Counts cl100k tokens offline; skips where the encoding is not at hand."""
    tiktoken = pytest.importorskip("tiktoken")
    if not _CACHE.is_dir():
        pytest.skip("no offline copy of the cl100k encoding in ../shared/bench/tokcache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(_CACHE.resolve()))
        encoding = tiktoken.get_encoding("cl100k_base")
    return lambda text: len(encoding.encode(text, disallowed_special=()))
