"""Desks at the sample evaluation: one that all tests read at, and fresh ones for tests that write."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.desk import Desk, at_desk

from evals_mcp.config import Settings
from evals_mcp.wiring import build_client


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
