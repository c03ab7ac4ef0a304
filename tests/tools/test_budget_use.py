"""What an answer does with its budget: a larger one never shows less, and one that cuts something is used."""

import random
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant
from tests.shown_evidence import read_words, shown_evidence
from tests.small_evaluations import make_evaluation
from tests.tokenizers import count_tokens

from evals_mcp.answers.frame.tokens import estimate
from evals_mcp.config import Settings
from evals_mcp.sample.loading import load_sample
from evals_mcp.sample.support_bot import read_sample
from evals_mcp.wiring import build_client

pytestmark = pytest.mark.anyio
BUDGETS = [300, 340, 410, 500, 620, 700, 900, 1_200, 1_500, 2_000, 3_000, 4_000, 5_500, 8_000, 12_000, 20_000]
_CUT = re.compile(r"\(\+[\d,]+ (?:characters|more)|marks cut|Texts are cut|[Rr]aise max_tokens|Not shown:")
_LEAST_USED = 0.85
_SLACK = 40  # characters of texts in our own lines
_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("list_runs", {}),
    ("get_logs", {}),
    ("get_logs", {"limit": 3, "sort": "length"}),
    ("get_logs", {"limit": 100}),
    ("list_datapoints", {}),
    ("list_datapoints", {"limit": 100}),
    ("compare_runs", {}),
    ("compare_runs", {"limit": 10, "outcome": "changed"}),
    ("compare_runs", {"limit": 50, "outcome": "same"}),
]


@pytest.fixture(scope="module")
def budgets() -> list[int]:
    """A small budget, the default one and a large one; tests/slow takes all."""
    return [300, 2_000, 8_000]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistant is shared, so its event loop is, too."""
    return "asyncio"


@pytest.fixture(scope="module")
async def assistant(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assistant]:
    """An assistant at the sample, and at an evaluation of texts of all sizes."""
    database = tmp_path_factory.mktemp("use") / "evals.db"
    async with build_client(Settings(database=str(database))) as client:
        await load_sample(client, read_sample())
        await _load_sizes(client)
        async with connect_assistant(client) as assistant:
            yield assistant


async def _load_sizes(client: Any) -> None:
    """An evaluation of five runs whose questions and outputs have from one word to some thousand."""
    drawn = random.Random(3)
    words = ["the", "refund", "order", "was", "sent", "back", "after", "thirty", "days", "nobody", "answered"]

    def text(most: int) -> str:
        return " ".join(drawn.choices(words, k=drawn.randint(1, most)))

    small = await make_evaluation(client, "Sizes", right={"return_type": "boolean"}, stars={"return_type": "number"})
    questions = [f"{number} {text(drawn.choice((5, 40, 900)))}" for number in range(14)]
    for run in range(5):
        logs = [
            (question, {"small/right": drawn.random() < 0.2 * run, "small/stars": drawn.randint(1, 5)})
            for question in questions
        ]
        await small.run(
            f"run-{run}", logs, outputs={question: text(drawn.choice((8, 60, 2_000))) for question in questions}
        )


def _ids(answer: str) -> set[str]:
    return set(re.findall(r"^(?:log|dp)_\w+(?=[;:] | \| |$)", answer, re.MULTILINE))


def _shown_characters(answer: str) -> int:
    """The characters of quoted texts."""
    return sum(map(len, re.findall(r'"((?:[^"\\]|\\.)*)"', re.sub(r"\w+\(evaluation=.*", "", answer))))


@pytest.mark.parametrize("evaluation", ["Sizes", "Which prompt answers tickets"])
@pytest.mark.parametrize(("tool", "arguments"), _CALLS, ids=repr)
async def test_more_budget_never_shows_less(
    assistant: Assistant, tool: str, arguments: dict[str, Any], evaluation: str, budgets: list[int]
) -> None:
    """A larger answer has the rows of a smaller one, and no less of their texts; a budget that cuts is used."""
    ids: set[str] = set()
    characters = 0
    for budget in budgets:
        answer = await assistant.ask(tool, evaluation=evaluation, max_tokens=budget, **arguments)
        spent, shown = estimate(answer), _ids(answer)
        assert max(spent, count_tokens(answer)) <= budget
        assert not _CUT.search(answer) or spent >= _LEAST_USED * budget
        assert ids <= shown
        assert ids < shown or characters <= _shown_characters(answer) + _SLACK
        ids, characters = shown, _shown_characters(answer)


@pytest.mark.parametrize("evaluation", ["Sizes", "Which prompt answers tickets"])
async def test_one_log_uses_its_budget(assistant: Assistant, evaluation: str, budgets: list[int]) -> None:
    """Alone, and beside another run's."""
    run, other = ("run-1", "run-0") if evaluation == "Sizes" else ("v3", "v1")
    asked = {"evaluation": evaluation, "runs": [run], "sort": "length", "limit": 3, "max_tokens": 8_000}
    listed = await assistant.ask("get_logs", **asked)
    beside = {"beside": other, "evaluation": evaluation}
    for log in sorted(_ids(listed)):
        for arguments in ({}, beside):
            for budget in (budget for budget in budgets if budget > 400):
                answer = await assistant.ask("get_log", log=log, max_tokens=budget, **arguments)
                assert max(estimate(answer), count_tokens(answer)) <= budget
                assert not _CUT.search(answer) or estimate(answer) >= _LEAST_USED * budget


async def test_ten_regressions_are_shown_with_their_questions(assistant: Assistant) -> None:
    """The default budget has room for ten datapoints with two outputs each and the beginning of each question."""
    answer = await assistant.ask("compare_runs", evaluation="Sizes", baseline="run-4", candidates=["run-0"], limit=10)
    shown = re.findall(r'^dp_\w+: .*\n  input: question: "(.*?)"', answer, re.MULTILINE)
    assert len(shown) == 10
    assert min(map(len, shown)) >= 12
    assert len(re.findall(r"^  (?:baseline|candidate|outputs, .*|both outputs): ", answer, re.MULTILINE)) >= 10


async def test_the_question_of_several_logs_is_shown_once(assistant: Assistant) -> None:
    """Logs of one datapoint repeat neither its input nor its target, and say where both are."""
    listed = await assistant.ask("list_datapoints", evaluation="Which prompt", limit=1)
    datapoint = next(iter(_ids(listed)))
    answer = await assistant.ask("get_logs", evaluation="Which prompt", datapoint=datapoint)
    assert len(re.findall(r"^log_", answer, re.MULTILINE)) == 3
    assert len(re.findall(r"^ same input: ", answer, re.MULTILINE)) == 1
    assert len(re.findall(r"^ same target: ", answer, re.MULTILINE)) == 1
    assert answer.count(f"datapoint {datapoint};") == 1
    assert len(re.findall(r"^ → ", answer, re.MULTILINE)) == 3


async def load_candidates(client: Any) -> None:
    """Six candidates: differences of all kinds, too few pairs, only errors, and another dataset."""
    specs: dict[str, Any] = {f"judge{number}": {"return_type": "boolean"} for number in range(5)}
    small = await make_evaluation(client, "Candidates", **specs, stars={"return_type": "number"})
    questions = [f"question {number}" for number in range(12)]

    def judged(question: int, share: float) -> dict[str, object]:
        found: dict[str, object] = {f"small/{name}": (question * 7 % 12) < share * 12 for name in specs}
        return {**found, "small/stars": question % 5 * share}

    for run, share in enumerate((1.0, 0.0, 0.5, 0.9)):
        await small.run(f"run-{run}", [(asked, judged(at, share)) for at, asked in enumerate(questions)])
    few = [(asked, judged(at, 0.1)) for at, asked in enumerate(questions[:3])]
    await small.run("few", few, questions=questions)
    await small.run("broken", [(asked, {}) for asked in questions], error="boom")
    await small.run("elsewhere", [(f"another {asked}", judged(3, 0.4)) for asked in questions])


async def test_a_cut_comparison_shows_or_counts_every_candidate(
    tmp_path: Path, real_tokens: Callable[[str], int]
) -> None:
    """The offered calls reach each candidate's verdicts once, before evidence; what is untested is no verdict."""
    async with (
        build_client(Settings(database=str(tmp_path / "evals.db"))) as client,
        connect_assistant(client) as assistant,
    ):
        await load_candidates(client)
        for budget in (300, 330, 370, 420, 500, 620, 800, 1_100, 1_500, 2_000):
            shown: list[str] = []
            asked: dict[str, Any] | None = {"evaluation": "Candidates", "max_tokens": budget}
            while asked is not None:
                answer = await assistant.ask("compare_runs", **asked)
                assert real_tokens(answer) <= budget
                assert not re.search(r"…$", answer, re.MULTILINE)
                assert not re.search(r"few, no significant", answer)
                found = _candidates(answer)
                more = re.search(r'^(\d+) more candidates?: .*cursor="(.*?)"', answer, re.MULTILINE)
                shown += found
                assert found
                assert len(shown) + (int(more[1]) if more else 0) == 6
                assert more is None or not re.search(r"^dp_|datapoints? got worse", answer, re.MULTILINE)
                assert more is not None or "datapoints got worse" in answer
                asked = {**asked, "cursor": more[2]} if more else None
            assert sorted(shown) == ["broken", "elsewhere", "few", "run-1", "run-2", "run-3"]


def _candidates(answer: str) -> list[str]:
    """The candidates with a verdict."""
    above = answer.split("\nWhat changed")[0]
    words = re.findall(r"^(run-\d|few|broken|elsewhere)(?: \| \w+ \| \d|: |, )(?!and)", above, re.MULTILINE)
    return list(dict.fromkeys(words))


async def test_a_little_more_budget_takes_no_evidence_away(assistant: Assistant) -> None:
    """What gets its line between 900 and 1,100 tokens takes it from no datapoint, verdict or line below a datapoint."""
    words = read_words(await assistant.ask("list_runs", evaluation="Which prompt", max_tokens=8_000))
    before: set[tuple[str, ...]] = set()
    for budget in range(900, 1_101, 25):
        asked = {"evaluation": "Which prompt", "limit": 1, "max_tokens": budget}
        shown = shown_evidence(await assistant.ask("compare_runs", **asked), words)
        assert before <= shown
        before = shown
    assert len(before) > 12
