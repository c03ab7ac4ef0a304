"""What did not change for long goes as a whole; runs that something compares, and what is newer, stay as they are."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Row, select
from tests.recount import check_counts
from tests.review_world import Clock, ReviewWorld

from evals_mcp.errors import NotFound
from evals_mcp.store.database.acts import Act, begin_act, without_act
from evals_mcp.store.database.tables import evaluation_runs, logs, runs
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.removal import retention
from evals_mcp.store.removal.retention import Retention, find_evaluations
from evals_mcp.store.store import Store, open_store


class World(NamedTuple):
    """An old evaluation, one whose second run the third shares, and a new one."""

    store: Store
    clock: Clock
    old: ReviewWorld
    shared: ReviewWorld
    new: ReviewWorld
    loose: str

    def delete(self, keep: set[str] | None = None) -> list[int]:
        """Delete what is older than a year."""
        return list(Retention(self.store.database).steps(self.clock.now - timedelta(days=365), keep or set()))

    def plan(self, keep: set[str] | None = None) -> retention.Plan:
        """What is older than a year."""
        return Retention(self.store.database).plan(self.clock.now - timedelta(days=365), keep or set())

    def evaluations(self) -> set[str]:
        """The ids of the evaluations that are there."""
        ids = {world.id for world in (self.old, self.shared, self.new)}
        return {id for id in ids if not _is_gone(self.store, id)}


def _is_gone(store: Store, id: str) -> bool:
    try:
        store.evaluations.get(id)
    except NotFound:
        return True
    return False


@pytest.fixture
def world(database_address: str) -> Iterator[World]:
    """Two evaluations of two years ago and a log in no run, of then; one of now with a run of the second."""
    clock = Clock()
    schema = "evals_mcp_old" if "://" in database_address else None
    with closing(open_store(database_address, schema, clock)) as store:
        old = ReviewWorld(store, clock, [[True, False, True], [False, True, True]], "old")
        old.label(old.logs[0][0])
        old.next("ann")
        shared = ReviewWorld(store, clock, [[True], [False]], "shared")
        version_id = store.runs.all(old.id)[0].version.version_id  # type: ignore[union-attr]
        loose = store.logs.create("prompt", LogTarget(version_id=version_id), {"output": "loose"}).id
        clock.wait(2 * 365 * 24 * 60)
        new = ReviewWorld(store, clock, [[True, True]], "new")
        store.runs.add_existing(new.id, shared.runs[1])
        yield World(store, clock, old, shared, new, loose)


def test_what_is_old_is_counted_and_deleted_as_a_whole(world: World) -> None:
    """A run that a newer evaluation compares stays with its logs; what is counted is what goes."""
    plan = world.plan()
    assert [(item.id, item.runs) for item in plan.evaluations] == [(world.old.id, 2), (world.shared.id, 2)]
    assert plan[1:] == (3, 6 + 1 + 1, 6 + 1 + 1)
    before = world.store.evaluations.get(world.new.id)
    world.delete()
    assert world.evaluations() == {world.new.id}
    check_counts(world.store)
    for log_id in (*world.old.every_log, world.shared.logs[0][0], world.loose):
        with pytest.raises(NotFound):
            world.store.logs.get(log_id)
    for log_id in (*world.new.every_log, world.shared.logs[1][0]):
        assert world.store.logs.get(log_id).evaluator_logs
    assert world.store.evaluations.get(world.new.id) == before
    assert world.plan().is_empty
    assert world.delete() == []


def test_evaluations_that_are_kept_or_changed_stay(world: World) -> None:
    """By name or id; a label of today makes its evaluation new; a name that is not there stops all."""
    world.shared.label(world.shared.logs[0][0])
    with world.store.database.read() as connection:
        assert find_evaluations(connection, ["old", world.new.id]) == {world.old.id, world.new.id}
        with pytest.raises(NotFound, match=r"No evaluation is named `other`\. Nothing was changed"):
            find_evaluations(connection, ["old", "other"])
    plan = world.plan({world.old.id})
    assert (plan.evaluations, plan[1:]) == ([], (0, 1, 0))
    world.delete({world.old.id})
    assert world.evaluations() == {world.old.id, world.shared.id, world.new.id}
    assert world.store.logs.get(world.old.every_log[0]).evaluator_logs
    check_counts(world.store)


def test_steps_are_small_and_a_stopped_deletion_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each step all counts are right, and an evaluation is there as a whole or not at all."""
    monkeypatch.setattr(retention, "_RUN_LOGS", 2)
    monkeypatch.setattr(retention, "_LOGS", 2)
    before = world.clock.now - timedelta(days=365)
    taken = 0
    while not world.plan().is_empty:
        steps = Retention(world.store.database).steps(before, set())
        assert next(steps) <= 2
        steps.close()
        check_counts(world.store)
        for kept in (world.old, world.shared):
            if kept.id in world.evaluations():
                assert [run.logs_count for run in _runs(world.store, kept.id)] == [len(logs) for logs in kept.logs]
        taken += 1
    assert taken > 6
    assert world.evaluations() == {world.new.id}


def _runs(store: Store, id: str) -> list[Row[Any]]:
    """The rows of an evaluation's runs, oldest first."""
    with store.database.read() as connection:
        in_it = evaluation_runs.c.evaluation_id == id
        rows = connection.execute(select(runs).join(evaluation_runs).where(in_it).order_by(runs.c.number))
        return list(rows)


def test_the_journal_says_that_it_was_deleted(world: World) -> None:
    """One entry for all steps, which no undo takes back."""
    with without_act():
        begin_act(Act(actor="admin", tool="evals-mcp retention", operation="retention"))
        world.delete()
    (entry,) = world.store.journal.page(1, 10).records
    assert (entry.kind, entry.actor, entry.undoable) == ("retention", "admin", False)


def test_a_trace_with_a_new_step_or_judgment_stays_whole(world: World) -> None:
    """The age of a log is that of what was said of it last."""
    version_id = world.store.runs.all(world.new.id)[0].version.version_id  # type: ignore[union-attr]
    step = {"output": "step", "trace_parent_id": world.loose}
    world.store.logs.create("prompt", LogTarget(version_id=version_id), step)
    world.delete()
    assert world.store.logs.get(world.loose).output == "loose"
    check_counts(world.store)


@pytest.mark.parametrize("on_step", [False, True])
def test_a_new_judgment_keeps_an_old_trace(world: World, on_step: bool) -> None:
    """A judgment of any of its steps, too: nobody judges what is to go."""
    version_id = world.store.runs.all(world.new.id)[0].version.version_id  # type: ignore[union-attr]
    now = world.clock.now
    world.clock.now = now - timedelta(days=2 * 365)
    fields = {"output": "step", "trace_parent_id": world.loose}
    step = world.store.logs.create("prompt", LogTarget(version_id=version_id), fields).id
    world.clock.now = now
    said = LogTarget(version_id=world.new.human)
    world.store.logs.create_judgment(said, step if on_step else world.loose, {"judgment": True})
    world.delete()
    assert world.store.logs.get(step).output == "step"
    assert world.store.logs.get(world.loose).output == "loose"
    check_counts(world.store)


def _judge_in_a_trace(world: World) -> str:
    """Two years ago, a log in no run has as its step a judgment of a log of the old evaluation, with a step itself."""
    now = world.clock.now
    world.clock.now = now - timedelta(days=2 * 365)
    written = world.store.logs
    said = {"judgment": False, "user": "zed", "trace_parent_id": world.loose}
    judgment = written.create_judgment(LogTarget(version_id=world.old.judge), world.old.logs[0][0], said).id
    version_id = world.store.runs.all(world.new.id)[0].version.version_id  # type: ignore[union-attr]
    of_loose = written.create_judgment(LogTarget(version_id=world.old.judge), world.loose, {"judgment": True}).id
    for parent in (judgment, of_loose, of_loose):
        written.create("prompt", LogTarget(version_id=version_id), {"output": "thought", "trace_parent_id": parent})
    world.clock.now = now
    return judgment


def test_the_trace_of_a_judge_stays_as_long_as_a_run_that_it_judged(world: World) -> None:
    """A judgment can be a step of a log in no run: what is kept loses none of its judgments with that log."""
    judgment = _judge_in_a_trace(world)
    assert world.plan({world.old.id}).logs == 1  # of the shared evaluation alone
    world.delete({world.old.id})
    assert judgment in [log.id for log in world.store.logs.get(world.old.logs[0][0]).evaluator_logs]
    assert world.store.logs.get(world.loose).output == "loose"
    check_counts(world.store)


def test_judgments_within_traces_and_their_steps_are_counted_once(world: World) -> None:
    """What is said to go is what goes, row by row."""
    _judge_in_a_trace(world)
    plan, before = world.plan(), _kinds(world.store)
    assert world.delete()
    after = _kinds(world.store)
    assert (plan.logs, plan.judgments) == (before[False] - after[False], before[True] - after[True])
    check_counts(world.store)


def _kinds(store: Store) -> dict[bool, int]:
    """How many rows of logs are no judgments (False), and judgments (True)."""
    with store.database.read() as connection:
        judged = list(connection.execute(select(logs.c.judged_log_number)).scalars())
    return {is_judgment: sum((number is not None) is is_judgment for number in judged) for is_judgment in (False, True)}
