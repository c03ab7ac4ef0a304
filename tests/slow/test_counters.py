"""Counters equal a recount on both databases, after more sequences of writes and undos than by default."""

import os
from contextlib import closing

from hypothesis import HealthCheck, Phase, given, settings
from tests.counted_world import STEPS, World
from tests.loaded_stores import OpenStore, empty_file, new_store
from tests.recount import check_counts
from tests.store.undo import test_undo

__all__ = ["empty_file", "new_store"]

_EXAMPLES = int(os.environ.get("EVALS_MCP_EXAMPLES", "30"))
_settings = settings(max_examples=_EXAMPLES, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@_settings
@given(steps=STEPS)
def test_counts_equal_a_recount(new_store: OpenStore, steps: list[tuple[str, int, int, int]]) -> None:
    """After any sequence of logging, judging, moving, adding, updating and deleting."""
    with closing(new_store()) as store:
        world = World(store)
        for step in steps:
            world.step(*step)
        check_counts(store)


@_settings
@given(steps=test_undo.STEPS)
def test_counts_equal_a_recount_after_undos(new_store: OpenStore, steps: list[tuple[str, int, int, int]]) -> None:
    """An undo in the middle is done or refused; undone the right way round, all writes go."""
    with closing(new_store()) as store:
        test_undo.write_and_undo(World(store, journaled=True), steps)
