"""Questions of all kinds, and recorded evaluations, are answered alike by a mirror and the workspace."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import datapoint_ids, log_ids
from tests.edge_cases import NAME
from tests.mirror.test_equal_answers import SAMPLE, Both, anyio_backend, both, both_ways
from tests.shared_data import RAG_CHAT

from evals_mcp.models.sql_views import VIEWS

pytestmark = pytest.mark.anyio

__all__ = ["anyio_backend", "both"]

LOGS: list[dict[str, Any]] = [
    {"runs": ["v2"]},
    {},
    {"runs": ["v1", "v3"], "where": ["error=true"]},
    *({"sort": sort} for sort in ("worst", "latency", "cost", "length")),
    {"where": [r'topics="b\"c"']},
    {"sort": "length", "where": ["judgment=missing"]},
    {"where": ["judgment=failed"]},
    {"where": ["judgment=abstained"]},
    {"where": ["stars=2..4", "text~refund"]},
    *({"where": [f"text~{text}"]} for text in ("REFUND", "订单", "ÄHN", "look_up", "deep")),
    {"sample": True, "evaluator": "tone"},
    {"sample": True, "evaluator": "stars", "where": ["text~refund"], "runs": ["v2"]},
]
DATAPOINTS: list[dict[str, Any]] = [
    {},
    {"runs": ["v1", "v3"], "evaluator": "tone"},
    *({"show": show} for show in ("disagreement", "all_fail", "failed", "abstained", "missing")),
    {"where": ["text~refund"], "show": "missing", "runs": ["v1"]},
]
COMPARISONS: list[dict[str, Any]] = [
    {},
    *({"outcome": outcome} for outcome in ("improved", "changed", "same", "only_baseline", "only_candidate", "errors")),
    {"baseline": "v2", "candidates": ["v3"], "evaluators": ["tone", "topics", "comment"], "limit": 50},
]
GROUPED: list[tuple[str, dict[str, Any]]] = [
    ("compare_runs", {"group_by": "log.length"}),
    ("compare_runs", {"group_by": "stars", "evaluators": ["tone"]}),
    ("compare_runs", {"missing": "fail"}),
    ("list_runs", {"where": ["stars=2..4"]}),
    ("list_runs", {"group_by": "tone", "where": ["run!=v1"]}),
]


@pytest.fixture(scope="module")
async def recorded(recorded_database: Path) -> AsyncIterator[Both]:
    """Both ways to the recorded evaluations."""
    async for ways in both_ways(recorded_database):
        yield ways


async def test_logs_are_the_same(both: Both) -> None:
    """Every filter, sort and sample chooses the same logs in the same order, whichever runs were read first."""
    for asked in LOGS:
        await both.ask("get_logs", evaluation=NAME, limit=10, max_tokens=20_000, **asked)


async def test_datapoints_are_the_same(both: Both) -> None:
    """Every choice of datapoints has the same judgments in each cell."""
    for asked in DATAPOINTS:
        await both.ask("list_datapoints", evaluation=NAME, limit=9, max_tokens=20_000, **asked)


async def test_comparisons_are_the_same(both: Both) -> None:
    """With the same datapoints behind them."""
    for asked in COMPARISONS:
        await both.ask("compare_runs", evaluation=NAME, max_tokens=20_000, **asked)


async def test_agreement_is_the_same(both: Both) -> None:
    """Relations, repeats, ranks and failures, too: of the sample and all kinds of evaluators, and of chosen logs."""
    for show in ("agreement", "relations", "repeats", "ranking", "failures"):
        for evaluation in (NAME, SAMPLE):
            await both.ask("list_runs", evaluation=evaluation, show=show, max_tokens=20_000)
        await both.ask("list_runs", evaluation=NAME, show=show, where=["text~refund"])


async def test_groups_are_the_same(both: Both) -> None:
    """Groups of logs and datapoints, figures over chosen logs, and missing judgments as failures."""
    for tool, asked in GROUPED:
        await both.ask(tool, evaluation=NAME, max_tokens=20_000, **asked)
    await both.ask("compare_runs", evaluation=SAMPLE, group_by="plan", max_tokens=20_000)


async def test_sql_is_answered_alike(both: Both) -> None:
    """Over all columns but the times of a log, which no page tells to the second."""
    for view in VIEWS.values():
        columns = [column.name for column in view.columns if column.name not in ("created_at", "version")]
        sql = f"SELECT {', '.join(columns)} FROM {view.name} ORDER BY {', '.join(columns)} LIMIT 12"
        for name in (NAME, SAMPLE):
            await both.ask_first("query", evaluation=name, sql=sql, max_tokens=20_000)


async def test_runs_and_single_logs_are_the_same(both: Both) -> None:
    """A log is found by the beginning of its id, beside another run's, and in parts."""
    await both.ask("list_runs", evaluation=NAME, max_tokens=20_000)
    logs = log_ids((await both.ask("get_logs", evaluation=NAME, runs=["v3"], limit=100, max_tokens=20_000))[0])
    for log in logs[::6]:
        assert await both.ask("get_log", log=log) == await both.ask("get_log", log=log[:14])
        await both.ask("get_log", log=log, part="inputs")
    points = datapoint_ids((await both.ask("list_datapoints", evaluation=NAME, limit=50, max_tokens=20_000))[0])
    await both.ask("get_logs", evaluation=NAME, datapoint=points[0][:12], max_tokens=20_000)
    results = [
        await assistant.host.call_tool("get_log", {"log": logs[0], "beside": "v2", "evaluation": NAME})
        for assistant in both
    ]
    assert results[0].content == results[1].content


async def test_recorded_evaluations_are_answered_alike(recorded: Both) -> None:
    """Hundreds of logs with long texts."""
    evaluation = RAG_CHAT.file
    await recorded.ask("list_evaluations")
    await recorded.ask("list_runs", evaluation=evaluation)
    await recorded.ask_first("compare_runs", evaluation=evaluation, candidates=["prompt-refined"], limit=3)
    for asked in ({"sort": "worst", "evaluator": "gpt_groundedness"}, {"where": ["text~deductible"]}):
        await recorded.ask_first("get_logs", evaluation=evaluation, limit=3, max_tokens=8_000, **asked)
    await recorded.ask_first("list_datapoints", evaluation=evaluation, show="all_fail", limit=5)
