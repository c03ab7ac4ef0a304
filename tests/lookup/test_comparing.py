"""Comparing runs by the extension, and out of the pages of a server without it: the same answers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import get_args

import pytest
from fastapi import FastAPI
from tests.documented_only import documented_client
from tests.small_evaluations import FAILS, make_evaluation

from evals_mcp.api.access import OpenAccess
from evals_mcp.api.app import create_app
from evals_mcp.client.client import EvalsClient
from evals_mcp.errors import NotFound
from evals_mcp.lookup.review import Review, Subject
from evals_mcp.models.comparisons import ComparisonQuestion, Comparisons, Outcome
from evals_mcp.store.store import open_store

pytestmark = pytest.mark.anyio
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@pytest.fixture
async def app(sample_copy: Path) -> AsyncIterator[FastAPI]:
    """The API over a copy of the sample."""
    store = open_store(str(sample_copy))
    yield create_app(OpenAccess(store))
    store.close()


async def ask_both(app: FastAPI, subject: Subject, question: ComparisonQuestion) -> list[Comparisons]:
    """The answers of the extension and of the documented routes."""
    answers = []
    for client in (EvalsClient(open_app=lambda: app), documented_client(app)):
        source = await Review(client).source()
        answers.append(await source.compare_runs(subject.id, question))
    return answers


def question_about(subject: Subject, **fields: object) -> ComparisonQuestion:
    """All runs against the first by all evaluators."""
    first, *others = [run.id for run in subject.runs]
    asked = {
        "baseline_run_id": first,
        "candidate_run_ids": others,
        "evaluator_version_ids": [row.version_id for row in subject.evaluators],
        **fields,
    }
    return ComparisonQuestion.model_validate(asked)


@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_both_ways_answer_alike(app: FastAPI, outcome: Outcome) -> None:
    """Figures, tallies, order and every text of the datapoints are the same, whatever is asked for."""
    subject = await Review(EvalsClient(open_app=lambda: app)).find_evaluation("Which prompt")
    for characters in (20, 10_000):
        question = question_about(subject, outcome=outcome, limit=4, offset=1, characters=characters)
        extended, documented = await ask_both(app, subject, question)
        assert extended.model_dump() == documented.model_dump()


async def test_both_ways_answer_alike_about_the_odd(database_address: str) -> None:
    """So they do for repeated logs, gaps, failures and a type that changed, on SQLite and on PostgreSQL."""
    store = open_store(database_address)
    app = create_app(OpenAccess(store))
    client = EvalsClient(open_app=lambda: app)
    small = await make_evaluation(
        client,
        quality={"return_type": "number"},
        topics={"return_type": "multi_select", "options": [{"name": "a"}, {"name": "b"}]},
    )
    await small.run(
        "old",
        [
            ("one", {"small/quality": 4, "small/topics": ["a", "b"]}),
            ("one", {"small/quality": 2}),
            ("two", {"small/quality": None, "small/topics": []}),
            ("three", {"small/quality": FAILS}),
        ],
    )
    await small.evaluator("small/quality", return_type="boolean")
    await small.run("bool", [("one", {"small/quality": True, "small/topics": ["b"]}), ("four", {})])
    await small.evaluator("small/quality", return_type="number", number_limits={"min": 0, "max": 9})
    await small.run("new", [("one", {"small/quality": 3}), ("one", {"small/quality": 1}), ("two", {})])
    subject = await Review(client).find_evaluation("Small")
    for outcome in OUTCOMES:
        extended, documented = await ask_both(app, subject, question_about(subject, outcome=outcome, limit=9))
        assert extended.model_dump() == documented.model_dump()
    tally = extended.candidates[0].tallies[[row.path for row in subject.evaluators].index("small/quality")]
    assert (tally.judged, tally.other_type, tally.missing) == (0, 1, 1)
    store.close()


async def test_without_the_extension_every_log_is_read_and_said(app: FastAPI) -> None:
    """The pages are counted, and told to whoever waits."""
    told: list[tuple[int, int]] = []

    async def progress(done: int, total: int) -> None:
        told.append((done, total))

    review = Review(documented_client(app), progress)
    subject = await review.find_evaluation("Which prompt")
    await (await review.source()).compare_runs(subject.id, question_about(subject))
    assert review.logs_read == 120
    assert told == [(100, 120), (120, 120)]


async def test_a_change_of_a_run_changes_the_next_answer(app: FastAPI) -> None:
    """What is kept of runs and of their comparisons is no older than the runs."""
    client = EvalsClient(open_app=lambda: app)
    small = await make_evaluation(client, correct={"return_type": "boolean"})
    questions = [f"q{n}" for n in range(8)]
    old = await small.run("old", [(question, {"small/correct": True}) for question in questions])
    new = await small.run("new", [(question, {"small/correct": True}) for question in questions])
    question = ComparisonQuestion(
        baseline_run_id=old, candidate_run_ids=[new], evaluator_version_ids=[small.evaluators["small/correct"]]
    )
    before = await client.reviews.compare_runs(small.id, question)
    assert (before.total, before.candidates[0].comparisons[0].worse) == (0, 0)
    log = (await client.evaluations.logs(small.id, run_ids=[new])).records[0].log
    await small.judge(log.id, "small/correct", False)
    after = await client.reviews.compare_runs(small.id, question)
    assert (after.total, after.candidates[0].comparisons[0].worse) == (1, 1)
    assert [row.candidate and row.candidate.id for row in after.datapoints] == [log.id]


async def test_unknown_runs_and_evaluators_are_refused(app: FastAPI) -> None:
    """The answer names what does not exist."""
    client = EvalsClient(open_app=lambda: app)
    subject = await Review(client).find_evaluation("Which prompt")
    for wrong in ({"candidate_run_ids": ["run_x"]}, {"baseline_run_id": "run_x"}, {"evaluator_version_ids": ["run_x"]}):
        with pytest.raises(NotFound, match="run_x"):
            await client.reviews.compare_runs(subject.id, question_about(subject, **wrong))
    with pytest.raises(NotFound, match="evr_x"):
        await client.reviews.compare_runs("evr_x", question_about(subject))
