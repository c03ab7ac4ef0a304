"""Over growing budgets, what an answer shows of the evidence only grows, in evaluations of many kinds."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import shared_data
from tests.assistant import Assistant, connect_assistant
from tests.shown_evidence import read_words, shown_evidence
from tests.small_evaluations import FAILS, make_evaluation
from tests.tokenizers import count_tokens
from tests.tools.test_budget_use import anyio_backend, assistant, load_candidates

from evals_mcp.answers import changes
from evals_mcp.answers.frame.tokens import estimate
from evals_mcp.client.reviews import Reviews
from evals_mcp.config import Settings
from evals_mcp.models.questions import ComparisonQuestion
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.store.database.identity import new_id
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


@pytest.fixture(scope="module", autouse=True)
def aligned_once() -> Iterator[None]:
    """Align two texts once for all budgets: how depends on nothing but the texts, and takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "_stretches", cache(changes._stretches))
        yield


@pytest.fixture(autouse=True)
def compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the store once for all budgets that need the same comparison."""
    compare, known = Reviews.compare_runs, dict[tuple[str, str], Any]()

    async def compare_once(reviews: Reviews, evaluation: ResolvedEvaluation, question: ComparisonQuestion) -> Any:
        asked = evaluation.id, question.model_dump_json()
        if asked not in known:
            known[asked] = await compare(reviews, evaluation, question)
        return known[asked]

    monkeypatch.setattr(Reviews, "compare_runs", compare_once)


async def _check(
    assistant: Assistant, evaluation: str, calls: Sequence[tuple[str, dict[str, Any]]], budgets: Sequence[int]
) -> None:
    for call in calls:
        assert await _grow(assistant, evaluation, call, budgets)


async def _grow(
    assistant: Assistant, evaluation: str, call: tuple[str, dict[str, Any]], budgets: Sequence[int]
) -> set[tuple[str, ...]]:
    """The evidence of the largest answer, which has that of all smaller ones."""
    tool, arguments = call
    words = read_words(await assistant.ask("list_runs", evaluation=evaluation, max_tokens=20_000))
    before: set[tuple[str, ...]] = set()
    for budget in budgets:
        answer = await assistant.ask(tool, evaluation=evaluation, max_tokens=budget, **arguments)
        shown = shown_evidence(answer, words)
        assert max(estimate(answer), count_tokens(answer)) <= budget
        assert not before - shown, (tool, arguments, budget)
        before = shown
    return before


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


_JUDGMENTS: dict[str, Any] = {
    "boolean": st.sampled_from([True, False, None, FAILS]),
    "number": st.sampled_from([0.5, 1, 2, 3.25, 5, None, FAILS]),
    "select": st.sampled_from(["good", "odd", "bad", None, FAILS]),
}
_VALENCES = {"good": "positive", "odd": "neutral", "bad": "negative"}
_SPECS: dict[str, dict[str, Any]] = {
    "boolean": {"return_type": "boolean"},
    "number": {"return_type": "number"},
    "select": {
        "return_type": "select",
        "options": [{"name": option, "valence": valence} for option, valence in _VALENCES.items()],
    },
}
_LENGTHS = st.sampled_from([1, 7, 40, 300])  # words
_SMALL = range(300, 1_000, 20)
_UNCHECKED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


class Drawn(NamedTuple):
    """An evaluation: kinds of evaluators, questions, and each run's judgments and lengths of outputs by question."""

    kinds: list[str]
    questions: list[str]
    runs: list[dict[int, tuple[dict[str, object], int]]]


@st.composite
def _evaluations(draw: Callable[[Any], Any]) -> Drawn:
    kinds = draw(st.lists(st.sampled_from(sorted(_JUDGMENTS)), min_size=2, max_size=6))
    lengths = draw(st.lists(_LENGTHS, min_size=2, max_size=14))
    judgments = st.fixed_dictionaries({f"small/judge{at}": _JUDGMENTS[kind] for at, kind in enumerate(kinds)})
    logs = st.tuples(judgments, _LENGTHS)
    runs = st.dictionaries(st.integers(0, len(lengths) - 1), logs, min_size=1)
    questions = [f"question {at}" + " why" * length for at, length in enumerate(lengths)]
    return Drawn(kinds, questions, draw(st.lists(runs, min_size=2, max_size=4)))


@given(drawn=_evaluations(), compared=st.sampled_from(_CALLS[:4]), listed=st.sampled_from(_CALLS[4:]))
@settings(max_examples=8, deadline=None, suppress_health_check=_UNCHECKED)
async def test_more_budget_takes_no_evidence_of_drawn_evaluations_away(
    others: Assistant, drawn: Drawn, compared: tuple[str, dict[str, Any]], listed: tuple[str, dict[str, Any]]
) -> None:
    """Several evaluators of all kinds, one candidate or more, missing logs and judgments, and texts of any length."""
    specs = {f"judge{at}": _SPECS[kind] for at, kind in enumerate(drawn.kinds)}
    made = await make_evaluation(others.client, new_id("drawn"), **specs)
    for number, run in enumerate(drawn.runs):
        logs = [(drawn.questions[at], judgments) for at, (judgments, _) in run.items()]
        outputs = {drawn.questions[at]: f"{number}" + " so" * length for at, (_, length) in run.items()}
        await made.run(f"run-{number}", logs, questions=drawn.questions, outputs=outputs)
    for call in (compared, listed):
        await _grow(others, made.id, call, _SMALL)
