"""What a judgment filter and the sort `worst` choose where evaluators of several types judge."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant
from tests.small_evaluations import FAILS, make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio
VERDICTS = [{"name": "good", "valence": "positive"}, {"name": "bad", "valence": "negative"}]
SPECS: dict[str, Any] = {
    "cited": {"return_type": "boolean"},
    "stars": {"return_type": "number", "number_valence": "positive"},
    "words": {"return_type": "number"},
    "verdict": {"return_type": "select", "options": VERDICTS},
    "person": {"return_type": "boolean", "evaluator_type": "human"},
    "remark": {"return_type": "text"},
}
JUDGED: dict[str, list[Any]] = {
    "cited": [True] * 6,
    "stars": [5, 1, 4, 0, FAILS, 2],
    "words": [40, 1, 60, 0, 30, 20],
    "verdict": ["good", "bad", "good", "bad", "bad", "bad"],
    "person": [True, None, False, None, False, True],
    "remark": ["good", "bad", "bad", "bad", "bad", "good"],
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistant stays for all tests here, so the loop does."""
    return "asyncio"


@pytest.fixture(scope="module")
async def assistant(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assistant]:
    """An assistant at a run of six logs, one without a judgment by a person, and one that is varied by `cited`."""
    app = open_embedded_app(str(tmp_path_factory.mktemp("worst") / "evals.db"))
    small = await make_evaluation(EvalsClient(open_app=lambda: app), **SPECS)
    logs = [(f"q{n}", {f"small/{key}": values[n] for key, values in JUDGED.items()}) for n in range(6)]
    del logs[3][1]["small/person"]
    await small.run("a", logs)
    await small.run("other", [("q0", {"small/cited": False})])
    async with connect_assistant(small.client) as assistant:
        yield assistant


async def _ask(assistant: Assistant, **asked: Any) -> str:
    return await assistant.ask("get_logs", evaluation="Small", **asked)


@pytest.mark.parametrize(
    ("judgment", "found"), [("<2", 2), ("1", 1), ("0", 1), ("<=1", 2), ("false", 3), ("true", 6), ("good", 2)]
)
async def test_a_judgment_matches_evaluators_of_its_type(assistant: Assistant, judgment: str, found: int) -> None:
    """True is no 1 and 0 is not false, and a remark is no option, though databases store them alike."""
    answer = await _ask(assistant, where=[f"judgment={judgment}"])
    assert f"\n{found} {'log' if found == 1 else 'logs'} judged " in answer


@pytest.mark.parametrize(
    ("evaluator", "judgment", "allowed"),
    [
        ("cited", "<2", ": use true or false; or failed"),
        ("cited", "1", ": use true or false; or failed"),
        ("remark", "good", ": its judgments are texts. Search them with ~, or use one of failed, "),
        ("stars", "true", ": use a number or a comparison"),
        ("verdict", "1", ": use one of good, bad; or failed"),
    ],
)
async def test_a_judgment_that_an_evaluator_cannot_give_is_refused(
    assistant: Assistant, evaluator: str, judgment: str, allowed: str
) -> None:
    """With what it can give."""
    refused = await assistant.refuse("get_logs", evaluation="Small", where=[f"{evaluator}={judgment}"])
    assert allowed in refused


async def test_the_worst_are_those_of_an_evaluator_that_varies_in_these_runs(assistant: Assistant) -> None:
    """It has a direction, covers most logs, and the answer says which and which judgments are worst."""
    answer = await _ask(assistant, runs=["a"], sort="worst", limit=4)
    assert "\n6 logs in a judged by verdict, worst judgment first (negative options first)." in answer
    assert set(_questions([answer])) == {"q1", "q3", "q4", "q5"}
    assert "Sorted by verdict. Use evaluator= for another: cited, stars, words, person." in answer


@pytest.mark.parametrize(
    ("evaluator", "direction"),
    [
        ("cited", "worst judgment first (false is worst)"),
        ("stars", "worst judgment first (low is worst)"),
        ("words", "lowest judgment first (not set whether higher is better, so low is not called worst)"),
    ],
)
async def test_the_answer_says_which_end_is_worst(assistant: Assistant, evaluator: str, direction: str) -> None:
    """And which is only lowest."""
    answer = await _ask(assistant, runs=["a"], sort="worst", evaluator=evaluator)
    assert f" judged by {evaluator}, {direction}." in answer


@pytest.mark.parametrize("asked", [{"where": [text]} for text in ("judgment<50", "judgment=true", "text~answers")])
async def test_sorting_leaves_out_no_log_of_a_filter(assistant: Assistant, asked: dict[str, Any]) -> None:
    """Logs that the sorting evaluator did not judge come last, on whichever page."""
    asked["runs"] = ["a"]
    plain = (await _ask(assistant, **asked)).splitlines()[1].split(" ")[0]
    pages = await assistant.all_pages("get_logs", evaluation="Small", sort="worst", limit=2, **asked)
    assert f"\n{plain} logs in a " in pages[0]
    assert "by verdict (negative options first; logs that it did not judge come last)." in pages[0]
    verdicts = [JUDGED["verdict"][int(question[1:])] for question in _questions(pages)]
    assert len(verdicts) == int(plain)
    assert verdicts == sorted(verdicts)


async def test_logs_that_the_sorting_evaluator_did_not_judge_come_last(assistant: Assistant) -> None:
    """Failed and abstained judgments, too."""
    pages = await assistant.all_pages(
        "get_logs", evaluation="Small", sort="worst", evaluator="stars", where=["text~a answers"]
    )
    assert _questions(pages) == ["q3", "q1", "q5", "q2", "q0", "q4"]


def _questions(pages: list[str]) -> list[str]:
    """The questions of the logs in run a, in the order of the answers, by their outputs."""
    return list(dict.fromkeys(found for page in pages for found in re.findall(r"a answers (q\d)", page)))


async def test_a_filter_by_the_sorting_evaluator_is_named_once(assistant: Assistant) -> None:
    """Nothing is left that it did not judge."""
    answer = await _ask(assistant, evaluator="stars", where=["stars<3"], sort="worst")
    assert '\n3 logs judged "<3" by stars, worst judgment first by stars (low is worst).' in answer


async def test_an_option_that_is_also_a_number_needs_an_evaluator(tmp_path: Path) -> None:
    """Either would leave out what the other means."""
    app = open_embedded_app(str(tmp_path / "evals.db"))
    grades = {"return_type": "select", "options": [{"name": "1"}, {"name": "true"}]}
    small = await make_evaluation(
        EvalsClient(open_app=lambda: app),
        grade=grades,
        stars={"return_type": "number"},
        right={"return_type": "boolean"},
    )
    await small.run("a", [("q0", {"small/grade": "1", "small/stars": 1, "small/right": True})])
    async with connect_assistant(small.client) as assistant:
        for word in ("1", "true"):
            refused = await assistant.refuse("get_logs", evaluation="Small", where=[f"judgment={word}"])
            assert "is an option of one evaluator and a value of another. Name the evaluator." in refused
        assert '\n1 log judged "1" by grade' in await _ask(assistant, where=["grade=1"])


async def test_orders_say_which_logs_they_leave_out(assistant: Assistant) -> None:
    """A log without a latency or cost cannot be sorted by it."""
    assert "\n0 logs that have a latency." in await _ask(assistant, sort="latency")
    assert "\n0 logs that have a cost." in await _ask(assistant, sort="cost")
