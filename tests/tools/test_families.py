"""One fact has one p: compare_runs and the reports correct over the whole evaluation, whatever part they show."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from mcp.types import TextResourceContents
from tests.assistant import Assistant, connect_assistant
from tests.documented_only import documented_client, mirror_of
from tests.small_evaluations import SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio
QUESTIONS = [f"q{number}" for number in range(16)]
_P = r"^{}[^|]*\|(?:[^|]*\|){{5}} (<?[\d.]+) \|"


@pytest.fixture
def app(tmp_path: Path) -> Any:
    """The API over an empty database."""
    return open_embedded_app(str(tmp_path / "evals.db"))


@pytest.fixture
def client(app: Any) -> EvalsClient:
    """A client of it."""
    return EvalsClient(open_app=lambda: app)


@pytest.fixture
async def small(client: EvalsClient) -> SmallEvaluation:
    """A baseline and three candidates by two evaluators: `worse` lost 9 of 16 by `correct`, others changed a little."""
    evaluation = await make_evaluation(client, correct={"return_type": "boolean"}, polite={"return_type": "boolean"})
    wrong = {"base": 0, "worse": 9, "slightly": 1, "hardly": 2}
    for run, amount in wrong.items():
        logs = [
            (question, {"small/correct": number >= amount, "small/polite": run != "worse" or number > 0})
            for number, question in enumerate(QUESTIONS)
        ]
        await evaluation.run(run, logs)
    return evaluation


@pytest.fixture(params=["rows", "documented"])
async def assistant(
    request: pytest.FixtureRequest, app: Any, small: SmallEvaluation, client: EvalsClient
) -> AsyncIterator[Assistant]:
    """The tools on our own rows, and on the documented routes alone."""
    if request.param == "rows":
        async with connect_assistant(client) as found:
            yield found
        return
    remote = documented_client(app)
    async with connect_assistant(remote, mirror=mirror_of(remote)) as found:
        yield found


def p_of(answer: str, row: str) -> str:
    """The p of a row of the table."""
    (found,) = re.findall(_P.format(row), answer, re.MULTILINE)
    return str(found)


async def read(assistant: Assistant, address: str) -> str:
    """The text of a resource."""
    (content,) = (await assistant.host.read_resource(address)).contents
    assert isinstance(content, TextResourceContents)
    return content.text


async def test_a_difference_has_one_p_in_every_call_and_report(assistant: Assistant) -> None:
    """9 lost and none gained has p = 2/2**9; of four comparisons that changed, Holm's p is four times that."""
    calls: list[dict[str, Any]] = [
        {},
        {"candidates": ["worse"]},
        {"candidates": ["worse"], "evaluators": ["correct"]},
        {"candidates": ["worse", "hardly"], "evaluators": ["correct"], "limit": 1},
    ]
    for arguments in calls:
        answer = await assistant.ask("compare_runs", evaluation="Small", **arguments)
        row = "correct" if arguments.get("candidates") == ["worse"] else r"worse \| correct"
        assert p_of(answer, row) == "0.016", arguments
        assert "p is Holm-adjusted over 4 comparisons of the evaluation" in answer
    report = await read(assistant, "evals://evaluations/Small")
    assert re.search(r"^\| worse \| correct \|(?:[^|]*\|){5} 0\.016 \|", report, re.MULTILINE)
    run = await read(assistant, "evals://evaluations/Small/runs/worse")
    assert p_of(run, "correct") == "0.016"


async def test_the_asked_family_is_corrected_by_itself_and_says_so(assistant: Assistant) -> None:
    """Two candidates by one evaluator are two comparisons; one alone needs no correction."""
    asked: dict[str, Any] = {"evaluation": "Small", "evaluators": ["correct"], "family": "asked"}
    two = await assistant.ask("compare_runs", candidates=["worse", "hardly"], limit=1, **asked)
    assert p_of(two, r"worse \| correct") == "0.0078"
    assert 'p is Holm-adjusted over 2 comparisons asked for (family="asked")' in two
    assert 'family="asked"' in next(line for line in two.splitlines() if "more datapoints: compare_runs(" in line)
    one = await assistant.ask("compare_runs", candidates=["worse"], **asked)
    assert p_of(one, "correct") == "0.0039"
    assert 'p is not adjusted (family="asked")' in one
