"""Counters equal a recount on both databases, after more sequences of writes and undos than by default."""

from collections.abc import Callable
from contextlib import closing

from hypothesis import HealthCheck, Phase, given, settings
from tests.counted_world import STEPS, World
from tests.loaded_stores import OpenStore, empty_file, new_store
from tests.recount import check_counts
from tests.store.undo import test_undo

__all__ = ["empty_file", "new_store"]

_Steps = list[tuple[str, int, int, int]]
_drawn_only = settings(phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def test_counts_equal_a_recount(new_store: OpenStore, examples: Callable[[int], int]) -> None:
    """After any sequence of logging, judging, moving, adding, updating and deleting."""

    @settings(_drawn_only, max_examples=examples(30))
    @given(steps=STEPS)
    def check(steps: _Steps) -> None:
        with closing(new_store()) as store:
            world = World(store)
            for step in steps:
                world.step(*step)
            check_counts(store)

    check()


def test_counts_equal_a_recount_after_undos(new_store: OpenStore, examples: Callable[[int], int]) -> None:
    """An undo in the middle is done or refused; undone the right way round, all writes go."""

    @settings(_drawn_only, max_examples=examples(30))
    @given(steps=test_undo.STEPS)
    def check(steps: _Steps) -> None:
        with closing(new_store()) as store:
            test_undo.write_and_undo(World(store, journaled=True), steps)

    check()
