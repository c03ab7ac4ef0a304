"""Labels of an even sample: which logs are in it, and that figures use these labels alone."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.review_world import Clock, ReviewWorld

from evals_mcp.models.agreement import AgreementRows
from evals_mcp.models.conditions import FieldCondition
from evals_mcp.models.questions import AgreementQuestion, ComparisonQuestion, Filter
from evals_mcp.statistics.sampling import rank, sample_key
from evals_mcp.store.store import open_store

_POINTS = 40
_JUDGED = ([True] * _POINTS, [number % 3 != 0 for number in range(_POINTS)])


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewWorld]:
    """Two runs, of which the second loses a third of the datapoints."""
    clock = Clock()
    with closing(open_store(str(tmp_path_factory.mktemp("even") / "evals.db"), None, clock)) as store:
        yield ReviewWorld(store, clock, _JUDGED)


@pytest.fixture
def world(shared_world: ReviewWorld) -> ReviewWorld:
    """The same without labels and hand-outs."""
    shared_world.start_again()
    return shared_world


def agreement(world: ReviewWorld) -> AgreementRows:
    """What the API says of the agreement."""
    return world.store.agreement_questions.answer(world.id, AgreementQuestion())


def in_sample(world: ReviewWorld, handed_out: list[str]) -> set[str]:
    """The logs up to the last one handed out in the even order of each run, by the definition of a sample."""
    found: set[str] = set()
    for run_id, log_ids in zip(world.runs, world.logs, strict=True):
        point = {id: str(world.store.logs.get(id).source_datapoint_id) for id in log_ids}
        ordered = sorted(log_ids, key=lambda id: rank(sample_key(run_id, point[id], 0)))
        last = max((ordered.index(id) for id in handed_out if id in ordered), default=-1)
        found |= set(ordered[: last + 1])
    return found


def test_figures_use_the_labels_of_the_even_sample_alone(world: ReviewWorld) -> None:
    """It is the beginning of a random order, with the logs in it that were labelled for another reason."""
    chosen = world.review("ann", 10, lambda id: True, "regression")
    found = agreement(world)
    assert (found.even, found.pairs[0].logs) == ([], 10)  # no even sample yet: as without a queue
    even = world.review("ann", 25, lambda id: world.judgments[id], "even")
    sample = in_sample(world, even)
    used = sample & {*chosen, *even}
    assert set(even) < used  # the order passed some that were labelled before
    found = agreement(world)
    (item,) = found.even
    assert (item.logs, item.left_out) == (len(used), 35 - len(used))
    (pair,) = found.pairs
    assert pair.logs == len(used)
    assert pair.agreement.value == pytest.approx(len(set(even)) / len(used))
    (errors,) = found.judges
    assert errors.is_even
    assert all(row.uneven_p is None for row in errors.corrected)
    assert world.next("ann").progress.sample_labelled == len(used)


def test_labels_of_unknown_choice_count_until_the_sample_has_enough(world: ReviewWorld) -> None:
    """Someone labelled by the SDK: a sample of three does not push their labels out, one of twenty does."""
    for log_id in world.logs[0][:15]:
        world.label(log_id)
    world.review("ann", 3, lambda id: True, "even")
    found = agreement(world)
    assert (found.even, found.pairs[0].logs) == ([], 18)
    world.review("ann", 20, lambda id: True, "even")
    (item,) = agreement(world).even
    assert item.logs >= 23
    assert item.logs + item.left_out == 38


def test_what_conditions_narrow_is_no_sample_of_the_run(world: ReviewWorld) -> None:
    """Runs alone do not narrow one."""
    of_kind = FieldCondition(part="input", key="kind", operator="=", values=["a"])
    narrowed = world.next("ann", "even", filter=Filter(conditions=[of_kind])).item
    assert narrowed is not None
    assert (narrowed.reason, narrowed.is_sample) == ("even", False)
    world.label(narrowed.log.id)
    assert agreement(world).even == []
    item = world.next("ann", "even", filter=Filter(run_ids=world.runs[1:])).item
    assert item is not None
    assert (item.log.run_id, item.is_sample) == (world.runs[1], True)


def test_a_log_of_a_doubted_slice_is_in_no_sample(world: ReviewWorld) -> None:
    """It was chosen for its slice, so it does not extend the sample of its run over logs that nobody was given."""
    for number, log_id in enumerate(world.logs[0]):
        if number % 4 < 2:
            world.label(log_id, world.judgments[log_id] if number % 2 else not world.judgments[log_id])
    for _ in range(3):
        item = world.next("ann", "slice").item
        assert item is not None
        assert (item.reason, item.is_sample) == ("slice", False)
        world.label(item.log.id, not world.judgments[item.log.id])
    assert agreement(world).even == []


def test_corrected_differences_use_the_even_sample(world: ReviewWorld) -> None:
    """The correction in a verdict counts the labels of the sample, and an answer from before is not reused."""
    question = ComparisonQuestion(
        baseline_run_id=world.runs[0], candidate_run_ids=world.runs[1:], evaluator_version_ids=[world.judge]
    )
    world.review("ann", 12, lambda id: True, "regression")
    before = world.store.comparison_questions.answer(world.id, question).corrected
    assert before == [] or not before[0].is_even
    even = world.review("ann", 30, lambda id: world.judgments[id], "even")
    sample = in_sample(world, even)
    labelled = {log_id for log_id in world.every_log if world.store.logs.get(log_id).evaluator_logs[1:]}
    (corrected,) = world.store.comparison_questions.answer(world.id, question).corrected
    assert corrected.is_even
    assert corrected.baseline_labels + corrected.candidate_labels == len(sample & labelled)


def test_a_slice_where_people_and_judge_disagree_comes_before_the_sample(world: ReviewWorld) -> None:
    """The logs of that slice come, until 20 of them came; then the even order goes on."""
    for run in world.logs:
        for number in range(12):
            world.label(run[number], world.judgments[run[number]] if number % 2 else not world.judgments[run[number]])
    item = world.next("ann", "slice").item
    assert item is not None
    assert item.detail.slice is not None
    assert (item.detail.slice.key, item.detail.slice.value) == ("kind", "a")
    assert (item.detail.slice.labels, item.detail.slice.agreed) == (12, 0)
    assert item.log.inputs == {} or item.log.inputs["kind"] == "a"


def test_a_blind_answer_has_nothing_that_tells_a_verdict(world: ReviewWorld) -> None:
    """No judgment, reason, evaluator or other output is sent, whatever the caller does with it."""
    seen = world.next("ann")
    blind = world.next("ann", blind=True)
    assert seen.item is not None
    assert blind.item is not None
    assert blind.item.log.id == seen.item.log.id
    assert seen.item.baseline is not None
    assert (blind.item.log.judgments, blind.item.reason, blind.item.baseline) == ([], None, None)
    assert blind.item.detail.model_dump(exclude_defaults=True) == {}


def test_what_is_deleted_is_not_handed_out(tmp_path: Path) -> None:
    """A deleted log leaves the queue with its lease, and a deleted baseline is not shown; so does an evaluation."""
    clock = Clock()
    with closing(open_store(str(tmp_path / "evals.db"), None, clock)) as store:
        world = ReviewWorld(store, clock, ([True] * 3, [False] * 3))
        first = world.next("ann").item
        assert first is not None
        assert first.baseline is not None
        store.logs.delete([first.baseline.id])
        again = world.next("ann").item
        assert again is not None
        assert (again.log.id, again.baseline) == (first.log.id, None)
        store.logs.delete([first.log.id])
        after = world.next("ann").item
        assert after is not None
        assert after.log.id != first.log.id
        store.evaluations.delete(world.id)
