"""Reviewers at one queue: no log goes to two of them at once, none is left out, in any order of steps."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.older_databases import set_back
from tests.review_world import Clock, ReviewWorld

from evals_mcp.models.questions import AgreementQuestion
from evals_mcp.models.review_queue import LEASE_MINUTES
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import open_store

_Step = tuple[str, int, int]
_REVIEWERS = ("ann", "ben", "cat")
_steps = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "skip", "label", "label", "label elsewhere", "wait"]),
        st.integers(0, 2),
        st.integers(0, 20),
    ),
    min_size=4,
    max_size=25,
)
_JUDGED = (
    ([True, True, True, True], [False, True, False, False]),
    ([True, True, True, False], [True, True, False, True]),
    ([False, False, False, True], [True, False, False, True]),
)
"""What the judge says of each datapoint in both runs: with regressions, with one, and without."""
_numbers = count()
_patient = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class _Reviewers:
    """What reviewers may expect, beside the queue itself."""

    def __init__(self, world: ReviewWorld) -> None:
        self.world = world
        self.leases: dict[str, tuple[str, float]] = {}
        self.skipped: dict[str, set[str]] = {name: set() for name in _REVIEWERS}
        self.unlabelled = set(world.every_log)
        self.minutes = 0.0

    def has(self, reviewer: str) -> str | None:
        """The log that a reviewer has now."""
        log_id, until = self.leases.get(reviewer, ("", 0.0))
        return log_id if log_id in self.unlabelled and until > self.minutes else None

    def ask(self, reviewer: str, *, skip: bool) -> None:
        """Ask, and check the answer."""
        mine, last = self.has(reviewer), self.leases.get(reviewer, ("", 0.0))[0]
        others = {self.has(name) for name in _REVIEWERS if name != reviewer}
        if skip and last in self.unlabelled:
            self.skipped[reviewer].add(last)
        answer = self.world.next(reviewer, skip=skip)
        free = self.unlabelled - others
        assert (answer.item is None) == (not free)
        assert answer.progress.labelled == len(self.world.every_log) - len(self.unlabelled)
        if answer.item is None:
            return
        found = answer.item.log.id
        assert found in free
        assert found == mine or mine is None or skip
        assert found not in self.skipped[reviewer] or free <= self.skipped[reviewer]
        self._check_reason(found, answer.item.reason)
        self.skipped[reviewer].discard(found)
        self.leases[reviewer] = (found, self.minutes + LEASE_MINUTES)

    def _check_reason(self, log_id: str, reason: str | None) -> None:
        regressed = [
            now
            for before, now in zip(*self.world.logs, strict=True)
            if self.world.judgments[before] > self.world.judgments[now]
        ]
        assert (reason == "regression") == (log_id in regressed)
        assert reason in ("regression", "slice", "even")

    def step(self, kind: str, number: int, value: int) -> None:
        """Do one thing."""
        reviewer = _REVIEWERS[number]
        match kind:
            case "ask" | "skip":
                self.ask(reviewer, skip=kind == "skip")
            case "label" if self.has(reviewer):
                self.label(self.leases[reviewer][0], reviewer)
            case "label elsewhere":
                self.label(self.world.every_log[value % len(self.world.every_log)], "sdk")
            case "wait":
                self.minutes += value
                self.world.clock.wait(value)

    def label(self, log_id: str, by: str) -> None:
        """Label a log."""
        self.world.label(log_id, by=by)
        self.unlabelled.discard(log_id)


def _run(world: ReviewWorld, steps: Sequence[_Step]) -> None:
    reviewers = _Reviewers(world)
    for step in steps:
        reviewers.step(*step)
    for turn in range(40):  # whatever happened, who goes on gets every log that is left
        if not reviewers.unlabelled:
            break
        reviewer = _REVIEWERS[turn % 3]
        reviewers.ask(reviewer, skip=False)
        if (log_id := reviewers.has(reviewer)) is not None:
            reviewers.label(log_id, reviewer)
    assert not reviewers.unlabelled


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ReviewWorld]]:
    """Evaluations in one database, one for each of `_JUDGED`."""
    clock = Clock()
    with closing(open_store(str(tmp_path_factory.mktemp("queue") / "evals.db"), None, clock)) as store:
        yield [ReviewWorld(store, clock, judged, f"review {number}") for number, judged in enumerate(_JUDGED)]


@pytest.mark.slow
@settings(_patient, max_examples=20)
@given(st.integers(0, len(_JUDGED) - 1), _steps)
@example(0, [("ask", 0, 0), ("skip", 0, 0), ("wait", 0, 20), ("ask", 1, 0), ("ask", 0, 0)])
@example(1, [("ask", 0, 0), ("wait", 0, 15), ("ask", 1, 0), ("ask", 0, 0), ("skip", 0, 0)])
def test_no_log_goes_to_two_reviewers_and_none_is_left_out(
    worlds: list[ReviewWorld], number: int, steps: list[_Step]
) -> None:
    """Asking, skipping, labelling by any route and waiting in any order: each answer is free, and all logs come."""
    worlds[number].start_again()
    _run(worlds[number], steps)


@settings(_patient, max_examples=3)
@given(_steps)
def test_no_log_goes_to_two_reviewers_on_postgresql(postgres_address: str, steps: list[_Step]) -> None:
    """The same on the other database."""
    clock = Clock()
    with closing(open_store(postgres_address, f"q{next(_numbers)}", clock)) as store:
        _run(ReviewWorld(store, clock, _JUDGED[0]), steps)


def test_reviewers_who_ask_at_the_same_moment_get_different_logs(database_address: str) -> None:
    """Several stores of one database, as processes have them: each caller gets a log of its own."""
    clock = Clock()
    stores = [open_store(database_address, None, clock) for _ in range(4)]
    try:
        world = ReviewWorld(stores[0], clock, ([True] * 8, [False] * 8))
        worlds = []
        for store in stores:
            other = object.__new__(ReviewWorld)
            other.__dict__ = {**world.__dict__, "store": store}
            worlds.append(other)
        with ThreadPoolExecutor(4) as pool:
            asked = [(of, f"reviewer {number}") for number, of in enumerate(worlds * 4)]
            found = list(pool.map(lambda item: item[0].next(item[1]).item, asked))
        assert sorted(item.log.id for item in found if item) == sorted(world.every_log)
        assert world.next("late").item is None
        clock.wait(LEASE_MINUTES)
        assert world.next("late").item is not None
    finally:
        for store in stores:
            store.close()


def test_a_queue_of_an_old_database_is_made(tmp_path: Path) -> None:
    """A database from before the queue gets its table."""
    path, clock = str(tmp_path / "old.db"), Clock()
    with closing(open_store(path, None, clock)) as store:
        world = ReviewWorld(store, clock, ([True], [False]))
        with store.database.write() as connection:
            connection.execute(text("DROP TABLE review_items"))
            connection.execute(text("ALTER TABLE evaluation_evaluators DROP COLUMN for_review"))
            set_back(connection, "0006")
    with closing(open_store(path, None, clock)) as store:
        world.store = store
        assert world.next("ann").item is not None


def test_who_sends_a_judges_judgments_reviews_the_logs_too(tmp_path: Path) -> None:
    """A key's name is the author of what an external evaluator judged, such as an import; that is no review."""
    clock = Clock()
    with closing(open_store(str(tmp_path / "evals.db"), None, clock)) as store:
        world = ReviewWorld(store, clock, _JUDGED[0])
        for log_id in world.every_log:
            target = LogTarget(version_id=world.other)
            store.logs.create_judgment(target, log_id, {"judgment": True, "user": "ann"})
        assert world.next("ann", "even").item is not None


def test_progress_counts_logs_and_one_of_several_runs_once(tmp_path: Path) -> None:
    """As agreement does: a log that two runs have, and that two people labelled, is one log."""
    clock = Clock()
    with closing(open_store(str(tmp_path / "evals.db"), None, clock)) as store:
        world = ReviewWorld(store, clock, [[True, False, True], [True, True, False]])
        store.runs.add_logs(world.id, world.runs[1], world.logs[0][:2])
        for log_id in (*world.logs[0][:2], world.logs[1][2]):
            for person in ("ann", "ben"):
                world.label(log_id, world.judgments[log_id] or log_id == world.logs[0][1], person)
        progress = world.next("cai").progress
        assert (progress.logs, progress.labelled) == (6, 3)
        assert [item.options for item in progress.options] == [[("true", 2), ("false", 1)]]
        (judge,) = (item for item in progress.judges if item.judge_version_id == world.judge)
        found = store.agreement_questions.answer(world.id, AgreementQuestion())
        (pair,) = (
            pair
            for pair in found.pairs
            if {found.raters[at].evaluator_version_id for at in (pair.first, pair.second)} == {world.judge, world.human}
        )
        assert (judge.agreed, judge.logs, pair.logs) == (2, 3, 3)
