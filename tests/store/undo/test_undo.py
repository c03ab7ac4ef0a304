"""Writes and undos in any order: counters equal a recount, and what is undone leaves nothing."""

from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from tests.counted_world import World
from tests.recount import check_counts

from evals_mcp.errors import Conflict
from evals_mcp.store.database.tables import metadata
from evals_mcp.store.store import Store, open_store

_WRITES = ["log", "log in run", "log in run", "judge", "judge", "update", "move", "new run", "seed run", "close"]
_WRITES += ["outputs", "outputs", "set up", "set up", "attach", "add logs", "label", "label"]
_OPENS_WORK = ("new run", "seed run", "attach")
"""After these, the server's own logs and judgments may follow a write at once, and stand on it."""
_number = st.integers(0, 20)
_steps = st.lists(
    st.tuples(st.sampled_from([*_WRITES, "control", "evaluation", "delete", "undo", "undo"]), *[_number] * 3),
    min_size=3,
    max_size=25,
)
_patient = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_MOVES_ON = {"revision", "updated_at", "last_used_at"}


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


@settings(_patient, max_examples=30)
@given(_steps)
@example([("close", 0, 0, 1), ("log in run", 0, 0, 3)])
@example([("close", 0, 0, 1), ("log in run", 0, 0, 2), ("log in run", 0, 1, 4), ("undo", 0, 3, 0)])
@example([("log in run", 0, 0, 2), ("judge", 0, 0, 4), ("judge", 1, 0, 16), ("judge", 0, 0, 7), ("undo", 0, 3, 0)])
@example([("control", 0, 0, 2), ("control", 1, 0, 12), ("control", 0, 0, 1), ("undo", 0, 2, 0)])
def test_counts_equal_a_recount_after_writes_and_undos(
    tmp_path: Path, empty: Path, numbers: Iterator[int], steps: list[tuple[str, int, int, int]]
) -> None:
    """An undo in the middle is done or refused; either way the counters fit, and undone the right way round all go."""
    path = tmp_path / f"{next(numbers)}.db"
    copyfile(empty, path)
    with closing(open_store(str(path))) as store:
        _write_and_undo(World(store, journaled=True), steps)


@settings(_patient, max_examples=5)
@given(_steps)
def test_counts_equal_a_recount_after_writes_and_undos_on_postgresql(
    postgres_address: str, numbers: Iterator[int], steps: list[tuple[str, int, int, int]]
) -> None:
    """The same on the other database."""
    with closing(open_store(postgres_address, f"u{next(numbers)}")) as store:
        _write_and_undo(World(store, journaled=True), steps)


def _write_and_undo(world: World, steps: list[tuple[str, int, int, int]]) -> None:
    has_own_work = False
    for kind, a, b, c in steps:
        if kind == "undo":
            _try_undo(world, world.entries[b % len(world.entries)])
            check_counts(world.store)
            continue
        before, known = _rows(world.store), len(world.entries)
        world.step(kind, a, b, c)
        has_own_work = has_own_work or kind in _OPENS_WORK
        if (a + b + c) % 3 == 0 and len(world.entries) == known + 1:
            undone = _try_undo(world, world.entries[-1])
            assert undone or has_own_work
            assert not undone or _rows(world.store) == before
    check_counts(world.store)
    for entry in reversed(world.entries):
        _try_undo(world, entry)
    check_counts(world.store)


def _try_undo(world: World, entry: str) -> bool:
    before = _rows(world.store)
    try:
        world.store.journal.undo(entry)
    except Conflict:
        assert _rows(world.store) == before
        return False
    world.forget_gone()
    return True


def _rows(store: Store) -> dict[str, list[Any]]:
    """Every row but those of the journal, without what only grows."""
    with store.database.read() as connection:
        return {
            table.name: sorted(
                str([value for name, value in row.items() if name not in _MOVES_ON])
                for row in connection.execute(select(table)).mappings()
            )
            for table in metadata.sorted_tables
            if table.name != "journal"
        }
