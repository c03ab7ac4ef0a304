"""Answers about generated texts stay in their budget, and reach everything."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.assistant import Assistant
from tests.tools.test_budgets import (
    ASKED,
    any_budget,
    any_texts,
    anyio_backend,
    check_by_a_real_count,
    check_single_logs,
    edge_case_assistant,
    stay_in_budget,
)

__all__ = ["anyio_backend", "edge_case_assistant"]

pytestmark = pytest.mark.anyio


@given(texts=any_texts, budget=any_budget)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_stays_in_any_budget(edge_case_assistant: Assistant, texts: list[str], budget: int) -> None:
    """In names, inputs, outputs and explanations; what is left out is reachable by the cursor."""
    await stay_in_budget(edge_case_assistant, texts, budget)


@pytest.mark.parametrize(("tool", "asked"), ASKED, ids=repr)
async def test_answers_stay_in_a_budget_between(
    edge_case_assistant: Assistant, real_tokens: Callable[[str], int], tool: str, asked: dict[str, Any]
) -> None:
    """Between the smallest and the default one, by a real count."""
    await check_by_a_real_count(edge_case_assistant, real_tokens, tool, asked, 700)


@pytest.mark.parametrize("budget", [700, 4_000])
async def test_one_log_stays_in_its_budget(
    edge_case_assistant: Assistant, real_tokens: Callable[[str], int], budget: int
) -> None:
    """Whole, in parts, and beside another run's."""
    await check_single_logs(edge_case_assistant, real_tokens, budget)
