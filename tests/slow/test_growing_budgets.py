"""Over growing budgets, what an answer shows of the evidence only grows, in evaluations of many kinds."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from tests import shared_data
from tests.assistant import Assistant, connect_assistant
from tests.shown_evidence import read_words, shown_evidence
from tests.tokenizers import count_tokens
from tests.tools.test_budget_use import anyio_backend, assistant, load_candidates

from evals_mcp.answers.frame.tokens import estimate
from evals_mcp.config import Settings
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio
__all__ = ["anyio_backend", "assistant"]

_BUDGETS = [*range(400, 1_600, 20), *range(1_600, 3_001, 100), 4_000, 6_000]
_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("compare_runs", {}),
    ("compare_runs", {"limit": 1}),
    ("compare_runs", {"limit": 10, "outcome": "changed"}),
    ("compare_runs", {"limit": 50, "outcome": "same"}),
    ("get_logs", {}),
    ("get_logs", {"limit": 100}),
    ("list_datapoints", {}),
    ("list_datapoints", {"limit": 100}),
    ("list_runs", {}),
]


async def _check(
    assistant: Assistant, evaluation: str, calls: Sequence[tuple[str, dict[str, Any]]], budgets: Sequence[int]
) -> None:
    words = read_words(await assistant.ask("list_runs", evaluation=evaluation, max_tokens=20_000))
    for tool, arguments in calls:
        before: set[tuple[str, ...]] = set()
        for budget in budgets:
            answer = await assistant.ask(tool, evaluation=evaluation, max_tokens=budget, **arguments)
            shown = shown_evidence(answer, words)
            assert max(estimate(answer), count_tokens(answer)) <= budget
            assert not before - shown, (tool, arguments, budget)
            before = shown
        assert before


@pytest.mark.parametrize("call", _CALLS, ids=repr)
async def test_more_budget_takes_no_evidence_of_the_sample_away(
    assistant: Assistant, call: tuple[str, dict[str, Any]]
) -> None:
    """No row, verdict or line below a datapoint."""
    await _check(assistant, "Which prompt answers tickets", [call], _BUDGETS)


@pytest.mark.parametrize("call", _CALLS, ids=repr)
async def test_more_budget_takes_no_evidence_of_texts_of_all_sizes_away(
    assistant: Assistant, call: tuple[str, dict[str, Any]]
) -> None:
    """Short ones beside long ones."""
    await _check(assistant, "Sizes", [call], _BUDGETS)


@pytest.fixture(scope="module")
async def others(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assistant]:
    """An assistant at six candidates of all kinds, and at recorded evaluations where they are beside the repository."""
    database = tmp_path_factory.mktemp("growing") / "evals.db"
    async with build_client(Settings(database=str(database))) as client:
        await load_candidates(client)
        for recorded in (shared_data.RAG_CHAT, shared_data.LONG_OUTPUTS):
            if recorded.folder.is_dir():
                await shared_data.load(client, recorded)
        async with connect_assistant(client) as assistant:
            yield assistant


@pytest.mark.parametrize("call", _CALLS, ids=repr)
async def test_more_budget_takes_no_candidate_away(others: Assistant, call: tuple[str, dict[str, Any]]) -> None:
    """Differences of all kinds, too few pairs, only errors, and another dataset."""
    await _check(others, "Candidates", [call], _BUDGETS)


@pytest.mark.parametrize("call", _CALLS, ids=repr)
@pytest.mark.parametrize("recorded", [shared_data.RAG_CHAT, shared_data.LONG_OUTPUTS], ids=lambda it: it.folder.name)
async def test_more_budget_takes_no_evidence_of_recorded_evaluations_away(
    others: Assistant, recorded: shared_data.RecordedEvaluation, call: tuple[str, dict[str, Any]]
) -> None:
    """Neither of many runs and evaluators, nor of long outputs."""
    name = shared_data.require(recorded).read("runs.json")["evaluation"]["name"]
    await _check(others, name, [call], _BUDGETS[::2])
