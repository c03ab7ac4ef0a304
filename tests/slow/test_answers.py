"""Answers to random questions after random writes: those of a fresh store, and those recomputed from the records."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.loaded_stores import open_kind
from tests.slow.recomputed_answers import Recomputed
from tests.store.questions.changing_evaluation import ChangingEvaluation, answer, questions, steps

from evals_mcp.models.comparisons import Comparisons
from evals_mcp.models.questions import DatapointQuestion, LogQuestion
from evals_mcp.models.rows import DatapointRows, LogRows, Overview
from evals_mcp.store.store import Store


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that keeps what it has cached from example to example."""
    opened = open_kind(request, tmp_path_factory, "answers")
    yield opened
    opened.close()


def _overview(store: Store, evaluation_id: str) -> Overview:
    overview = store.overviews.get(evaluation_id).overview
    assert overview is not None
    return overview


def test_answers_are_those_of_a_fresh_store_and_of_the_records(store: Store, examples: Callable[[int], int]) -> None:
    """Whether the store wrote what changed itself, or another process did."""

    @settings(
        max_examples=examples(25),
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        evaluation = ChangingEvaluation(data.draw(st.sampled_from([store, Store(store.database)])))
        for step in data.draw(st.lists(steps, min_size=10, max_size=60)):
            evaluation.step(*step)
        for step in data.draw(st.lists(steps, min_size=1, max_size=12)):
            evaluation.step(*step)
            _check_by_fresh_store(store, evaluation, data)
        _check_by_records(store, evaluation, data)

    check()


def _check_by_fresh_store(store: Store, evaluation: ChangingEvaluation, data: st.DataObject) -> None:
    """What the store has cached is what one that has cached nothing answers."""
    fresh = Store(store.database)
    overview = _overview(fresh, evaluation.id)
    assert _overview(store, evaluation.id) == overview
    listed, expected = (one.overviews.list_evaluations(evaluation.prefix, 5, 0) for one in (store, fresh))
    assert listed == expected
    for _ in range(2):
        question = data.draw(questions(evaluation, overview))
        assert answer(store, evaluation.id, question) == answer(fresh, evaluation.id, question)


def _check_by_records(store: Store, evaluation: ChangingEvaluation, data: st.DataObject) -> None:
    """The same logs and datapoints meet every filter, and comparisons count those whose datapoints do."""
    overview = _overview(store, evaluation.id)
    records = Recomputed(store, overview, evaluation.dataset_version_id)
    for _ in range(12):
        question = data.draw(questions(evaluation, overview))
        match question:
            case LogQuestion():
                found = answer(store, evaluation.id, question.model_copy(update={"limit": 1000}))
                assert isinstance(found, LogRows)
                ids = [(row.run_id, row.id) for row in found.rows]
                assert len(ids) == len(set(ids)) == found.total
                assert set(ids) == records.matching(question)
            case DatapointQuestion():
                found = answer(store, evaluation.id, question.model_copy(update={"limit": 1000, "offset": 0}))
                assert isinstance(found, DatapointRows)
                assert [row.id for row in found.rows] == records.chosen(question)
            case _:
                found = answer(store, evaluation.id, question)
                assert isinstance(found, Comparisons)
                wanted = DatapointQuestion(dataset_version_id=evaluation.dataset_version_id, filter=question.filter)
                ids_wanted = records.chosen(wanted) if question.filter.text else [*evaluation.datapoints]
                for run in (found.baseline, *found.candidates):
                    of_run = [log for log in records.logs if log.run_id == run.run_id]
                    assert run.logs == sum(log.datapoint_id in ids_wanted for log in of_run)
