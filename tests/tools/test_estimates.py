"""How close the estimate of an answer is to what real tokenizers count."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant, log_ids

from evals_mcp.answers.frame.tokens import estimate
from evals_mcp.config import Settings
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio

_ASKED: list[tuple[str, dict[str, Any]]] = [
    ("list_runs", {}),
    ("get_logs", {}),
    ("get_logs", {"sort": "length", "limit": 30}),
    ("get_logs", {"sample": True, "max_tokens": 1_000}),
    ("list_datapoints", {}),
    ("list_datapoints", {"show": "disagreement", "max_tokens": 12_000}),
    ("compare_runs", {"outcome": "changed"}),
    ("compare_runs", {"outcome": "improved", "limit": 20, "max_tokens": 1_000}),
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistants stay open for all tests here, so the loop does."""
    return "asyncio"


@pytest.fixture(scope="module")
async def recorded_assistant(recorded_database: Path) -> AsyncIterator[Assistant]:
    """An assistant at the recorded evaluations."""
    settings = Settings(database=str(recorded_database))
    async with build_client(settings) as client, connect_assistant(client) as assistant:
        yield assistant


async def _answers(assistant: Assistant) -> list[str]:
    """What every tool that reads answers about every evaluation there, and about some of its logs."""
    answers = [await assistant.ask("list_evaluations")]
    for evaluation in dict.fromkeys(re.findall(r"evr_\w+", answers[0])):
        answers += [await assistant.ask(tool, evaluation=evaluation, **given) for tool, given in _ASKED]
        logs = log_ids(await assistant.ask("get_logs", evaluation=evaluation))
        answers += [await assistant.ask("get_log", log=log) for log in logs[:3]]
    return answers


def _check(answers: list[str], real_tokens: Callable[[str], int]) -> None:
    ratios = [estimate(answer) / real_tokens(answer) for answer in answers]
    assert min(ratios) >= 1
    assert median(ratios) <= 1.25


async def test_answers_about_the_sample_are_estimated_closely(
    assistant: Assistant, real_tokens: Callable[[str], int]
) -> None:
    """No answer is underestimated, and the median is at most a quarter too high."""
    _check(await _answers(assistant), real_tokens)


async def test_answers_about_recorded_evaluations_are_estimated_closely(
    recorded_assistant: Assistant, real_tokens: Callable[[str], int]
) -> None:
    """The same with questions, outputs, and explanations as models wrote them."""
    _check(await _answers(recorded_assistant), real_tokens)
