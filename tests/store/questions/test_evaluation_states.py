"""The tokens of evaluations: another one after every change that a review shows, and the same after all others."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from evals_mcp.errors import NotFound
from evals_mcp.models.questions import ComparisonQuestion, DatapointQuestion, Filter, LogQuestion
from evals_mcp.models.references import EvaluatorReference
from evals_mcp.models.rows import CurrentRows, KnownOverview, Overview
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store, open_store

Change = Callable[[Store, Overview], object]


@pytest.fixture
def store(sample_copy: Path) -> Iterator[Store]:
    """The sample, to write to."""
    with closing(open_store(str(sample_copy))) as opened:
        yield opened


def _read(store: Store) -> KnownOverview:
    return store.overviews.get("Which prompt answers tickets")


def _newest_log(store: Store, seen: Overview) -> str:
    question = LogQuestion(limit=1)
    return store.log_questions.answer(seen.evaluation.id, question).rows[0].id


def _log(store: Store, seen: Overview) -> object:
    place = LogTarget(version_id=seen.runs[0].version_id)
    return store.logs.create("prompt", place, {"output": "One more."}, seen.runs[0].id)


def _judge(store: Store, seen: Overview) -> object:
    evaluator = next(row for row in seen.evaluators if row.return_type == "number")
    place = LogTarget(version_id=evaluator.version_id)
    return store.logs.create_judgment(place, _newest_log(store, seen), {"judgment": 1})


def _move(path: str, kind: str, of: Callable[[Overview], str]) -> Change:
    return lambda store, seen: store.files.move(kind, of(seen), path, None, None)


def _dataset_id(seen: Overview, store: Store) -> str:
    return store.files.retrieve_by_path(str(seen.runs[0].dataset_path)).id


CHANGES: dict[str, Change] = {
    "a log": _log,
    "a judgment in place of another": _judge,
    "a log less": lambda store, seen: store.logs.delete([_newest_log(store, seen)]),
    "another control": lambda store, seen: store.runs.update(
        seen.evaluation.id, seen.runs[-1].id, control=True, status=None
    ),
    "a run less": lambda store, seen: store.runs.remove(seen.evaluation.id, seen.runs[-1].id),
    "a run more": lambda store, seen: store.runs.create(
        seen.evaluation.id, None, None, orchestrated=False, use_existing_logs=False
    ),
    "an evaluator less": lambda store, seen: store.evaluations.remove_evaluator(
        seen.evaluation.id, seen.evaluators[0].version_id
    ),
    "another name of a version": lambda store, seen: store.files.update_version(
        "prompt", str(seen.evaluation.file_id), str(seen.runs[0].version_id), "renamed", None
    ),
    "another place of the file": _move("elsewhere/bot", "prompt", lambda seen: str(seen.evaluation.file_id)),
    "another place of an evaluator": _move("elsewhere/judge", "evaluator", lambda seen: seen.evaluators[0].id),
    "another place of the dataset": lambda store, seen: store.files.move(
        "dataset", _dataset_id(seen, store), "elsewhere/data", None, None
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_gives_another_token_and_another_overview(store: Store, sample_copy: Path, change: Change) -> None:
    """What is kept in memory is dropped: an overview is as one that was never read before."""
    before = _read(store)
    assert before.overview is not None
    change(store, before.overview)
    after = _read(store)
    with closing(open_store(str(sample_copy))) as other:
        assert after == _read(other)
    assert after.token != before.token
    assert after.overview != before.overview


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_rows_bring_the_newest_overview_to_who_knows_an_older_one(store: Store, change: Change) -> None:
    """Of the same moment, so that no write between two reads can part them; to others it is not sent again."""
    before = _read(store)
    assert before.overview is not None
    evaluation, run = before.overview.evaluation.id, before.overview.runs[0]
    logs = LogQuestion(filter=Filter(run_ids=[run.id]))
    judge = before.overview.evaluators[-1].version_id
    sample = logs.model_copy(update={"sample": True, "evaluator_version_id": judge})
    datapoints = DatapointQuestion(filter=Filter(run_ids=[run.id]), dataset_version_id=str(run.dataset_version_id))
    comparison = ComparisonQuestion(baseline_run_id=run.id, candidate_run_ids=[run.id], evaluator_version_ids=[])
    change(store, before.overview)
    asked: tuple[Callable[[str | None], CurrentRows], ...] = (
        lambda known: store.log_questions.answer(evaluation, logs, known),
        lambda known: store.log_questions.answer(evaluation, sample, known),
        lambda known: store.datapoint_questions.answer(evaluation, datapoints, known),
        lambda known: store.comparison_questions.answer(evaluation, comparison, known),
    )
    for ask in asked:
        assert ask(before.token).newest == _read(store)
        assert ask(_read(store).token).newest is None
        assert ask(None).newest is None


def test_other_changes_leave_the_token_as_it_is(store: Store, sample_copy: Path) -> None:
    """Also in another process, so that any server of a database knows the token of any other."""
    token = _read(store).token
    store.files.upsert("flow", None, "another/file", {"attributes": {}}, FileChange())
    seen = _read(store).overview
    assert seen is not None
    store.evaluations.create("Another", None, [EvaluatorReference(version_id=seen.evaluators[0].version_id)])
    assert _read(store).token == token
    with closing(open_store(str(sample_copy))) as other:
        assert _read(other).token == token


def test_the_rows_of_an_unknown_evaluation_are_not_found(store: Store) -> None:
    """Whatever token comes with the question."""
    for known in (None, "x"):
        with pytest.raises(NotFound, match="Evaluation `evr_none` does not exist"):
            store.log_questions.answer("evr_none", LogQuestion(), known)


def test_a_run_of_another_evaluation_is_not_found(store: Store) -> None:
    """Its name is in the message."""
    seen = _read(store).overview
    assert seen is not None
    question = LogQuestion(filter=Filter(run_ids=[seen.runs[0].id, "run_none"]))
    with pytest.raises(NotFound, match="has no run `run_none`"):
        store.log_questions.answer(seen.evaluation.id, question)
