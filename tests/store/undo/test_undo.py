"""Writes and undos in any order: counters equal a recount, and what is undone leaves nothing."""

from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from shutil import copyfile

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.counted_world import World
from tests.raw_rows import undone_rows
from tests.recount import check_counts

from evals_mcp.errors import Conflict, NotFound
from evals_mcp.store.store import Store, open_store

_WRITES = ["log", "log in run", "log in run", "judge", "judge", "update", "move", "new run", "seed run", "close"]
_WRITES += ["outputs", "outputs", "set up", "set up", "attach", "add logs", "label", "label"]
_OPENS_WORK = ("new run", "seed run", "attach")
"""After these, the server's own logs and judgments may follow a write at once, and stand on it."""
_number = st.integers(0, 20)
STEPS = st.lists(
    st.tuples(st.sampled_from([*_WRITES, "control", "evaluation", "delete", "undo", "undo"]), *[_number] * 3),
    min_size=3,
    max_size=25,
)
_patient = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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


@settings(_patient, max_examples=3)
@given(STEPS)
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
        write_and_undo(World(store, journaled=True), steps)


def write_and_undo(world: World, steps: list[tuple[str, int, int, int]]) -> None:
    """Take the steps, then undo every write, the newest first; count again after each undo."""
    has_own_work = False
    for kind, a, b, c in steps:
        if kind == "undo":
            _try_undo(world, world.entries[b % len(world.entries)])
            check_counts(world.store)
            continue
        before, known = undone_rows(world.store.database), len(world.entries)
        world.step(kind, a, b, c)
        has_own_work = has_own_work or kind in _OPENS_WORK
        if (a + b + c) % 3 == 0 and len(world.entries) == known + 1:
            undone = _try_undo(world, world.entries[-1])
            assert undone or has_own_work
            assert not undone or undone_rows(world.store.database) == before
    check_counts(world.store)
    _check_refusals(world.store, has_own_work=has_own_work)
    for entry in reversed(world.entries):
        _try_undo(world, entry)
    check_counts(world.store)


def _check_refusals(store: Store, *, has_own_work: bool) -> None:
    """The list says of each of the newest writes exactly what an undo of it says, and a later write to undo first.

    What the server's own work stands on has no later write.
    """
    for entry in store.journal.page(1, 20, check=True).records:
        words = None
        if entry.undoable:
            try:
                store.journal.undo(entry.id, dry_run=True)
            except (Conflict, NotFound) as refusal:
                words = str(refusal)
        if entry.refusal is None:
            assert words is None or has_own_work, (entry, words)
            continue
        assert entry.refusal == words
        assert int(str(entry.undo_first).split("_")[1]) > int(entry.id.split("_")[1])


def _try_undo(world: World, entry: str) -> bool:
    before = undone_rows(world.store.database)
    try:
        world.store.journal.undo(entry, confirm=True)
    except Conflict:
        assert undone_rows(world.store.database) == before
        return False
    world.forget_gone()
    return True
