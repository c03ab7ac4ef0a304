"""Every choice of logs and datapoints, and recorded evaluations, are answered alike by a mirror and the workspace."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.edge_cases import NAME
from tests.mirror.test_equal_answers import COMPARISONS, DATAPOINTS, LOGS, Both, anyio_backend, both, both_ways
from tests.shared_data import RAG_CHAT

pytestmark = pytest.mark.anyio

__all__ = ["anyio_backend", "both"]


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


async def test_recorded_evaluations_are_answered_alike(recorded: Both) -> None:
    """Hundreds of logs with long texts."""
    evaluation = RAG_CHAT.file
    await recorded.ask("list_evaluations")
    await recorded.ask("list_runs", evaluation=evaluation)
    await recorded.ask_first("compare_runs", evaluation=evaluation, candidates=["prompt-refined"], limit=3)
    for asked in ({"sort": "worst", "evaluator": "gpt_groundedness"}, {"where": ["text~deductible"]}):
        await recorded.ask_first("get_logs", evaluation=evaluation, limit=3, max_tokens=8_000, **asked)
    await recorded.ask_first("list_datapoints", evaluation=evaluation, show="all_fail", limit=5)
