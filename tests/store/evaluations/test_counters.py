"""What is counted while writing equals a recount, whatever was written in whatever order."""

from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from shutil import copyfile

import pytest
from hypothesis import HealthCheck, given, settings
from tests.counted_world import STEPS, World
from tests.recount import check_counts

from evals_mcp.store.store import open_store


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables made, to copy."""
    path = tmp_path_factory.mktemp("empty") / "evals.db"
    open_store(str(path)).close()
    return path


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """Numbers, each once."""
    return count()


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_counts_equal_a_recount(
    tmp_path: Path, empty: Path, numbers: Iterator[int], steps: list[tuple[str, int, int, int]]
) -> None:
    """After any sequence of logging, judging, moving, adding, updating and deleting."""
    path = tmp_path / f"{next(numbers)}.db"
    copyfile(empty, path)
    with closing(open_store(str(path))) as store:
        world = World(store)
        for step in steps:
            world.step(*step)
        check_counts(store)
