"""What runs wait for the server to do, on both databases."""

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import pytest

from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.references import EvaluatorReference, Target
from evals_mcp.store.files.files import FileChange
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.store import Store, open_store

_ERRORS = {"python": "no python", "llm": "no llm"}


class Made(NamedTuple):
    """A store with an evaluation that has a run over three datapoints."""

    store: Store
    evaluation: str
    run: str


@pytest.fixture
def store(database_address: str) -> Iterator[Store]:
    """An empty workspace."""
    with closing(open_store(database_address)) as opened:
        yield opened


def _evaluator(store: Store, path: str, kind: str, number: int = 0) -> str:
    spec = {"arguments_type": "target_free", "return_type": "number", "evaluator_type": kind}
    content = {"spec": {**spec, "attributes": {"n": number}, "code": ""}}
    return store.files.upsert("evaluator", None, path, content, FileChange()).version_id


def _make(store: Store, *evaluators: str, orchestrated: bool = True) -> Made:
    points = [CreateDatapointRequest(inputs={"q": number}, messages=None) for number in range(3)]
    store.datasets.upsert(None, "d", points, "set", None, FileChange())
    store.files.upsert("prompt", None, "p", {"model": "m"}, FileChange())
    references = [EvaluatorReference(version_id=version_id) for version_id in evaluators]
    evaluation = store.evaluations.create(None, Target("path", "p"), references).id
    run = store.runs.create(
        evaluation, Target("path", "d"), Target("path", "p"), orchestrated=orchestrated, use_existing_logs=False
    )
    return Made(store, evaluation, run.id)


def test_an_orchestrated_run_waits_until_it_is_failed(store: Store) -> None:
    """Then it has a log for each datapoint, each judged; failing again does nothing."""
    made = _make(store, _evaluator(store, "e", "python"))
    assert store.work.waiting([made.run, "unknown"], list(_ERRORS)) == [made.run]
    for _ in range(2):
        store.work.fail(made.run, "no logs", _ERRORS)
        assert store.work.waiting([made.run], list(_ERRORS)) == []
    found = store.runs.logs(made.evaluation, [], 1, 10).records
    assert [item.log.error for item in found] == ["no logs"] * 3
    assert [item.log.inputs for item in found] == [{"q": 2}, {"q": 1}, {"q": 0}]
    assert [judgment.error for item in found for judgment in item.evaluator_logs] == ["no python"] * 3
    assert [run.status for run in store.runs.all(made.evaluation) if run.id == made.run] == ["completed"]
    store.work.fail("unknown", "no logs", _ERRORS)


def test_only_what_is_missing_is_failed(store: Store) -> None:
    """Logs and judgments that are there stay as they are."""
    evaluator = _evaluator(store, "e", "python")
    made = _make(store, evaluator)
    datapoint = store.datasets.list_datapoints(_id(store, "d"), None, None, 1, 1).records[0].id
    fields = {"output": "mine", "source_datapoint_id": datapoint}
    log = store.logs.create("prompt", LogTarget(path="p"), fields, made.run)
    store.logs.create_judgment(LogTarget(version_id=evaluator), log.id, {"judgment": 5})
    store.work.fail(made.run, "no logs", _ERRORS)
    found = store.runs.logs(made.evaluation, [], 1, 10).records
    assert sorted(item.log.error or "mine" for item in found) == ["mine", "no logs", "no logs"]
    stats = store.stats.get(made.evaluation).run_stats[0].evaluator_stats[0]
    assert (stats.num_judgments, stats.num_errors) == (1, 2)


def test_two_versions_of_one_evaluator_each_judge(store: Store) -> None:
    """If both are attached; a version of an evaluator attached alone counts for it."""
    first, second = [_evaluator(store, "e", "llm", number) for number in range(2)]
    made = _make(store, first, second, orchestrated=False)
    log = store.logs.create("prompt", LogTarget(path="p"), {}, made.run)
    store.logs.create_judgment(LogTarget(version_id=first), log.id, {"judgment": 5})
    store.work.fail(made.run, "no logs", _ERRORS)
    stats = store.stats.get(made.evaluation).run_stats[0].evaluator_stats
    assert [(item.num_judgments, item.num_errors) for item in stats] == [(1, 0), (0, 1)]
    assert store.work.waiting([made.run], list(_ERRORS)) == []


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_a_closed_run_waits_for_nothing(store: Store, status: str) -> None:
    """Its caller has said that it is over."""
    made = _make(store, _evaluator(store, "e", "python"))
    store.runs.update(made.evaluation, made.run, control=None, status=status)
    assert store.work.waiting([made.run], list(_ERRORS)) == []
    store.work.fail(made.run, "no logs", _ERRORS)
    assert store.runs.logs(made.evaluation, [], 1, 10).total == 0


def test_other_kinds_wait_for_their_callers(store: Store) -> None:
    """External and human evaluators, and kinds that the runner does not name."""
    made = _make(store, *(_evaluator(store, kind, kind) for kind in ("external", "human", "llm")), orchestrated=False)
    store.logs.create("prompt", LogTarget(path="p"), {}, made.run)
    assert store.work.waiting([made.run], ["python"]) == []
    store.work.fail(made.run, "no logs", {"python": "no"})
    assert store.runs.logs(made.evaluation, [], 1, 10).records[0].evaluator_logs == []


def test_a_judgment_is_in_every_run_that_has_the_log(store: Store) -> None:
    """Also in one whose evaluation does not have the evaluator."""
    made = _make(store, _evaluator(store, "e", "python"), orchestrated=False)
    other = _make(store, orchestrated=False)
    log = store.logs.create("prompt", LogTarget(path="p"), {}, made.run)
    store.runs.add_logs(other.evaluation, other.run, [log.id])
    store.work.fail(made.run, "no logs", _ERRORS)
    store.evaluations.add_evaluators(other.evaluation, [EvaluatorReference(path="e")])
    assert store.stats.get(other.evaluation).run_stats[0].evaluator_stats[0].num_errors == 1


def _id(store: Store, path: str) -> str:
    return store.files.retrieve_by_path(path).id
