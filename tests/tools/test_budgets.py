"""No answer is larger than was asked for, whatever somebody's texts hold; and each says what it left out."""

import random
import string
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from tests.assistant import Assistant, connect_assistant, datapoint_ids, log_ids, next_cursor
from tests.edge_cases import load_edge_cases
from tests.small_evaluations import SmallEvaluation

from evals_mcp.answers.frame.tokens import estimate
from evals_mcp.config import Settings
from evals_mcp.models.evaluations import CreateEvaluationRequest
from evals_mcp.models.log_requests import EvaluatorLogRequest
from evals_mcp.models.references import FileReference
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio

_NAME = 'Odd "things"'
_SOURCE = random.Random(11)
_TEXTS = [
    "The refund was declined because the order is older than thirty days. " * 60,
    "退款被拒绝，因为订单已经超过三十天。助手本来应该提供商店积分。" * 80,
    "def refund(order: Order) -> bool:\n\treturn order.age < timedelta(days=30)\n" * 40,
    "".join(_SOURCE.choices(string.ascii_letters + string.digits + "+/", k=6_000)),
    " ".join(_SOURCE.choices("😀👍🏽🚀🔥✅❌🎉🤔💡📈❤️⚠️", k=2_000)),
    "".join(_SOURCE.choices("\x01\x1b\u200b\u202e\U000e0041 ab", k=3_000)),
    "0.25 | 4.71\n" * 500,
    "\n" * 2_000,
    '"\\' * 2_000,
]
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("list_runs", {}),
    ("list_runs", {"show": "agreement"}),
    ("list_runs", {"show": "relations"}),
    ("list_runs", {"show": "repeats"}),
    ("list_runs", {"show": "ranking"}),
    ("list_runs", {"show": "failures"}),
    ("get_logs", {}),
    ("get_logs", {"sort": "worst", "evaluator": "stars"}),
    ("get_logs", {"where": ["text~refund"], "sample": True}),
    ("get_logs", {"where": ["judgment=failed"], "limit": 100}),
    ("list_datapoints", {}),
    ("list_datapoints", {"show": "disagreement", "limit": 100}),
    ("list_datapoints", {"show": "missing", "where": ["text~refund"], "evaluator": "tone"}),
    ("query", {"sql": "SELECT log, * FROM logs"}),
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistants stay open for all tests here, so the loop does."""
    return "asyncio"


@pytest.fixture(scope="module")
async def edge_case_assistant(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assistant]:
    """An assistant at an evaluation whose texts are long and hostile in every way."""
    path = str(tmp_path_factory.mktemp("budgets") / "evals.db")
    async with build_client(Settings(database=path)) as client, connect_assistant(client) as assistant:
        await load_edge_cases(client, datapoints=8, texts=_TEXTS)
        yield assistant


@pytest.mark.parametrize(("tool", "asked"), ASKED, ids=repr)
@pytest.mark.parametrize("budget", [300, 4_000])
async def test_answers_stay_in_their_budget_by_a_real_count(
    edge_case_assistant: Assistant, real_tokens: Callable[[str], int], tool: str, asked: dict[str, Any], budget: int
) -> None:
    """A real tokenizer counts no more than was asked for, and something is shown even in the smallest answer."""
    await check_by_a_real_count(edge_case_assistant, real_tokens, tool, asked, budget)


async def check_by_a_real_count(
    assistant: Assistant, real_tokens: Callable[[str], int], tool: str, asked: dict[str, Any], budget: int
) -> None:
    """The answer of a tool is within a budget."""
    answer = await assistant.ask(tool, evaluation=_NAME, max_tokens=budget, **asked)
    assert estimate(answer) <= budget
    assert real_tokens(answer) <= budget
    if tool != "list_runs":
        assert log_ids(answer) or datapoint_ids(answer) or "No datapoints" in answer or budget == 300


async def test_one_log_stays_in_the_smallest_budget(
    edge_case_assistant: Assistant, real_tokens: Callable[[str], int]
) -> None:
    """Whole, in parts, and beside another run's; in tests/slow also in larger budgets."""
    await check_single_logs(edge_case_assistant, real_tokens, 300)


async def check_single_logs(assistant: Assistant, real_tokens: Callable[[str], int], budget: int) -> None:
    """The answers about single logs are within a budget."""
    ids = log_ids(await assistant.ask("get_logs", evaluation=_NAME, limit=100, max_tokens=20_000))
    for log in ids[:12]:
        whole = await assistant.ask("get_log", log=log, max_tokens=budget)
        part = await assistant.ask("get_log", log=log, part="inputs", max_tokens=budget)
        assert estimate(whole) <= budget
        assert max(real_tokens(whole), real_tokens(part)) <= budget
    pairs = [
        await assistant.host.call_tool(
            "get_log", {"log": log, "beside": "v2", "evaluation": _NAME, "max_tokens": budget}
        )
        for log in ids[:12]
    ]
    texts = [str(getattr(pair.content[0], "text", "")) for pair in pairs if not pair.is_error]
    assert texts
    assert max(map(real_tokens, texts)) <= budget


any_texts = st.lists(st.text(max_size=200) | st.sampled_from(_TEXTS), min_size=1, max_size=4)
any_budget = st.integers(300, 2_000)


async def test_long_texts_stay_in_a_budget_between(edge_case_assistant: Assistant) -> None:
    """In names, inputs, outputs and explanations; tests/slow has any text and any budget."""
    await stay_in_budget(edge_case_assistant, _TEXTS[:3], 450)


async def stay_in_budget(edge_case_assistant: Assistant, texts: list[str], budget: int) -> None:
    """Answers about an evaluation with these texts show all of its logs, and none is over the budget."""
    texts = [text.replace("\x00", "").encode("utf-8", "ignore").decode() for text in texts]
    request = CreateEvaluationRequest(name=None, file=FileReference(path="odd/prompt"), evaluators=[])
    created = await edge_case_assistant.client.evaluations.create(request)
    evaluation = SmallEvaluation(edge_case_assistant.client, created.id)
    path = f"any/{created.id}"
    await evaluation.evaluator(path, return_type="boolean")
    asked = [f"{number} {text}" for number, text in enumerate(texts)]
    await evaluation.run(
        created.id, [(question, {path: True}) for question in asked], outputs=dict(zip(asked, texts, strict=True))
    )
    answers = await edge_case_assistant.all_pages("get_logs", evaluation=created.id, max_tokens=budget)
    shown = [log for answer in answers for log in log_ids(answer)]
    assert len(shown) == len(set(shown)) == len(texts)
    (log,) = await edge_case_assistant.client.reviews.find_log_ids(shown[0])
    explained = EvaluatorLogRequest(path=path, parent_id=log, judgment=False, output=texts[0])
    await edge_case_assistant.client.evaluators.log(explained)
    answers += await edge_case_assistant.all_pages("list_datapoints", evaluation=created.id, max_tokens=budget)
    answers += [await edge_case_assistant.ask("get_log", log=log, max_tokens=budget) for log in shown]
    answers.append(await edge_case_assistant.ask("list_evaluations", max_tokens=budget))
    assert max(map(estimate, answers)) <= budget


@pytest.mark.slow
async def test_what_is_left_out_comes_with_the_next_call(edge_case_assistant: Assistant) -> None:
    """A page that is cut short by the budget says how to go on, and going on reaches the rest."""
    first = await edge_case_assistant.ask("get_logs", evaluation=_NAME, limit=100, max_tokens=300)
    assert next_cursor(first) is not None
    answers = await edge_case_assistant.all_pages("get_logs", evaluation=_NAME, limit=100, max_tokens=300)
    total = int(first.splitlines()[1].split(" ")[0])
    assert len({log for answer in answers for log in log_ids(answer)}) == total
