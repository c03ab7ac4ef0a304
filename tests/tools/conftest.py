"""Desks at the sample evaluation: one that all tests read at, and fresh ones for tests that write."""

import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
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

    # In a thread of its own, since the loop of a test may be running.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(anyio.run, fill).result()
    return path


def _copy(database: Path, folder: Path) -> Path:
    for file in database.parent.glob(f"{database.name}*"):
        shutil.copy(file, folder / file.name)
    return folder / database.name


@pytest.fixture(scope="module")
def desk_database(sample_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample's database for the tests of one module."""
    return _copy(sample_database, tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
async def desk(desk_database: Path) -> AsyncIterator[Desk]:
    """A desk for reading; the tests of a module share it, which needs an `anyio_backend` of the module."""
    async with build_client(Settings(database=str(desk_database))) as client, at_desk(client) as desk:
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
