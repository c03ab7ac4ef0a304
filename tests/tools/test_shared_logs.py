"""Logs that several runs have: a list has them once for each run, and following its pages passes over none."""

from typing import Any

import pytest
from tests.assistant import Assistant
from tests.own_rows import app, assistant, client
from tests.small_evaluations import make_evaluation

from evals_mcp.models.conditions import JudgmentCondition
from evals_mcp.models.questions import Filter, LogQuestion, LogSort
from evals_mcp.models.rows import LogRows
from evals_mcp.store.questions import log_selection

__all__ = ["app", "assistant", "client"]

pytestmark = pytest.mark.anyio
SORTS: list[LogSort] = ["newest", "length", "latency", "worst"]
ORDERS = [LogQuestion(sort=sort) for sort in SORTS] + [
    LogQuestion(filter=Filter(judgment=JudgmentCondition(state="judged")))
]


def _places(page: LogRows) -> list[tuple[str, str]]:
    return [(row.run_id, row.id) for row in page.rows]


@pytest.mark.parametrize("counted_to", [1_000, 2], ids=["few", "many"])
async def test_each_page_goes_on_where_the_one_before_ended(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, counted_to: int
) -> None:
    """In every order, with pages of any size, also after a run was added that has the same logs."""
    monkeypatch.setattr(log_selection, "COUNTED_TO", counted_to)
    reviews = assistant.client.reviews
    small = await make_evaluation(assistant.client, ok={"return_type": "boolean", "valence": "positive"})
    first = await small.run("v1", [(f"q{at}", {"small/ok": at > 0}) for at in range(3)], provider_latency=1.0)
    others = [await small.run("v1", [], questions=["q0", "q1", "q2"]) for _ in range(3)]
    resolved = await reviews.get_evaluation(small.id)
    resolved, found = await reviews.find_logs(resolved, LogQuestion(limit=10))
    ids = [row.id for row in found.rows]
    for run in others[:2]:
        await assistant.ask("add_logs_to_run", evaluation="Small", run=run, log_ids=ids)
    (evaluator,) = resolved.evaluators
    for order in ORDERS:
        asked = order.model_copy(
            update={"evaluator_version_id": evaluator.version_id if order.sort == "worst" else None}
        )
        resolved, whole = await reviews.find_logs(resolved, asked.model_copy(update={"limit": 100}))
        expected = _places(whole)
        assert sorted(expected) == sorted((run, log) for run in (first, *others[:2]) for log in ids)
        for limit in range(1, 6):
            walked: list[tuple[str, str]] = []
            following: list[float] | None = None
            more = True
            while more:
                update: dict[str, Any] = {"limit": limit, "following": following}
                resolved, page = await reviews.find_logs(resolved, asked.model_copy(update=update))
                assert page.rows
                walked += _places(page)
                following, more = page.after[-1], page.more
            assert walked == expected, (order, limit)
    await assistant.ask("add_logs_to_run", evaluation="Small", run=others[2], log_ids=ids)
    update = {"limit": 100, "following": whole.after[0]}
    _, rest = await reviews.find_logs(resolved, asked.model_copy(update=update))
    assert set(expected[1:]) <= set(_places(rest))


async def test_a_place_that_was_told_before_runs_counted_in_it_goes_on(assistant: Assistant) -> None:
    """It passes over the same log in other runs, as it did."""
    reviews = assistant.client.reviews
    small = await make_evaluation(assistant.client, ok={"return_type": "boolean"})
    await small.run("v1", [(f"q{at}", {"small/ok": True}) for at in range(3)], provider_latency=1.0)
    resolved = await reviews.get_evaluation(small.id)
    for sort in SORTS[:3]:
        resolved, whole = await reviews.find_logs(resolved, LogQuestion(sort=sort))
        old = LogQuestion(sort=sort, following=whole.after[0][:2])
        resolved, rest = await reviews.find_logs(resolved, old)
        assert _places(rest) == _places(whole)[1:]
