"""What a sample keeps in memory: after every change it is as one that was never taken before."""

from collections.abc import Iterator
from contextlib import closing
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from evals_mcp.models.conditions import JudgmentCondition
from evals_mcp.models.questions import Filter, LogQuestion
from evals_mcp.models.rows import Overview
from evals_mcp.store.logs.logs import LogTarget
from evals_mcp.store.questions.keys import RunLogKey
from evals_mcp.store.questions.samples import marks_of_beginnings
from evals_mcp.store.store import Store, open_store

_FILTERS: dict[str, dict[str, Any]] = {
    "every log": {},
    "a state": {"judgment": JudgmentCondition(state="missing")},
    "a number": {"judgment": JudgmentCondition(at_least=1, at_most=3)},
    "a text": {"text": "one more"},
    "errors": {"errors_only": True},
}


@pytest.fixture
def store(sample_copy: Path) -> Iterator[Store]:
    """The sample, to write to."""
    with closing(open_store(str(sample_copy))) as opened:
        yield opened


def _overview(store: Store) -> Overview:
    found = store.overviews.get("Which prompt answers tickets").overview
    assert found is not None
    return found


def _sample(store: Store, evaluator: str, limit: int, **filters: Any) -> list[str]:
    seen = _overview(store)
    judge = next(row for row in seen.evaluators if row.return_type == evaluator)
    question = LogQuestion(
        filter=Filter(**filters),
        evaluator_version_id=judge.version_id,
        sample=True,
        limit=limit,
    )
    return [row.id for row in store.log_questions.answer(seen.evaluation.id, question).rows]


@pytest.mark.parametrize("filters", _FILTERS.values(), ids=_FILTERS)
def test_a_sample_sees_what_was_written_since(store: Store, sample_copy: Path, filters: dict[str, Any]) -> None:
    """A log, a judgment and a log less: each time the sample is that of a store which has kept nothing."""
    seen = _overview(store)
    judge = next(row for row in seen.evaluators if row.return_type == "number")
    version, judge_version = LogTarget(version_id=seen.runs[0].version_id), LogTarget(version_id=judge.version_id)
    written: list[str] = []

    def log(fields: dict[str, Any]) -> None:
        written.append(store.logs.create("prompt", version, fields, seen.runs[0].id).id)

    changes = (
        lambda: log({"output": "One more."}),
        lambda: log({"error": "One more, which failed."}),
        lambda: store.logs.create_judgment(judge_version, written[0], {"judgment": 2}),
        lambda: store.logs.delete(written[:1]),
    )
    for change in changes:
        _sample(store, "number", 100, **filters)
        change()
        with closing(open_store(str(sample_copy))) as other:
            assert _sample(store, "number", 100, **filters) == _sample(other, "number", 100, **filters)


def test_a_sample_is_begun_by_a_smaller_one_whatever_the_judgments(store: Store) -> None:
    """Of every kind of evaluator, and each log once."""
    for kind in {row.return_type for row in _overview(store).evaluators}:
        sample = _sample(store, kind, 100)
        assert len(set(sample)) == len(sample) > 9
        assert _sample(store, kind, 9) == sample[:9]


def test_the_mark_of_the_first_logs_tells_them_from_others_whatever_their_numbers() -> None:
    """Their order does not count. Numbers of a run follow each other, so checksums of them combine alike."""
    sets = [chosen for size in (1, 2, 3) for chosen in combinations(range(1, 31), size)]
    marks = {marks_of_beginnings(RunLogKey("run", number) for number in chosen)[-1] for chosen in sets}
    assert len(marks) == len(sets)
    forth, back = (marks_of_beginnings(RunLogKey("run", number) for number in order) for order in ((1, 2), (2, 1)))
    assert (forth[0], forth[2]) == (back[0], back[2])
    assert marks_of_beginnings([RunLogKey("run", 1)]) != marks_of_beginnings([RunLogKey("other", 1)])
