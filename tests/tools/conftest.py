"""Assistants at the sample evaluation: one that all tests read at, and fresh ones for tests that write."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.assistant import Assistant, connect_assistant

from evals_mcp.config import Settings
from evals_mcp.wiring import build_client


def _copy(database: Path, folder: Path) -> Path:
    for file in database.parent.glob(f"{database.name}*"):
        shutil.copy(file, folder / file.name)
    return folder / database.name


@pytest.fixture(scope="module")
def assistant_database(sample_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample's database for the tests of one module."""
    return _copy(sample_database, tmp_path_factory.mktemp("assistant"))


@pytest.fixture(scope="module")
async def assistant(assistant_database: Path) -> AsyncIterator[Assistant]:
    """An assistant for reading; the tests of a module share it, which needs an `anyio_backend` of the module."""
    async with (
        build_client(Settings(database=str(assistant_database))) as client,
        connect_assistant(client) as assistant,
    ):
        yield assistant


@pytest.fixture
def database(sample_database: Path, tmp_path: Path) -> Path:
    """A copy of the sample's database for one test."""
    return _copy(sample_database, tmp_path)


@pytest.fixture
async def own_assistant(database: Path) -> AsyncIterator[Assistant]:
    """An assistant at a database of its own, which may be written to."""
    async with build_client(Settings(database=str(database))) as client, connect_assistant(client) as assistant:
        yield assistant
