"""Disagreement of one evaluator: between runs, and with the evaluators that it contradicts."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.assistant import Assistant, connect_assistant, datapoint_ids
from tests.small_evaluations import SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient
from evals_mcp.wiring import open_embedded_app

pytestmark = pytest.mark.anyio
TONES: dict[str, Any] = {"return_type": "select", "options": [{"name": "nice"}, {"name": "rude"}]}
JUDGED: dict[str, list[Any]] = {
    "judge": [True, True, True, True, True, False],
    "human": [True, False, True, True, False, False],
    "tone_a": ["nice", "nice", "rude", "nice", "nice", "nice"],
    "tone_b": ["nice", "nice", "nice", "nice", "rude", "nice"],
    "note": ["a", "b", "c", "d", "e", "f"],
}


@pytest.fixture
async def assistant(tmp_path: Path) -> AsyncIterator[Assistant]:
    """An assistant at an evaluation in which pairs of evaluators contradict each other within one run."""
    app = open_embedded_app(str(tmp_path / "evals.db"))
    client = EvalsClient(open_app=lambda: app)
    async with connect_assistant(client) as found:
        yield found


async def _made(client: EvalsClient, *runs: dict[str, list[Any]]) -> SmallEvaluation:
    small = await make_evaluation(
        client,
        judge={"return_type": "boolean"},
        human={"return_type": "boolean", "evaluator_type": "human"},
        tone_a=TONES,
        tone_b=TONES,
        note={"return_type": "text"},
    )
    for number, judged in enumerate(runs):
        logs = [(f"q{at}", {f"small/{by}": values[at] for by, values in judged.items()}) for at in range(6)]
        await small.run(f"v{number}", logs)
    return small


async def _found(assistant: Assistant, small: SmallEvaluation, **asked: Any) -> tuple[str, set[int]]:
    answer = await assistant.ask("list_datapoints", evaluation="Small", show="disagreement", limit=100, **asked)
    ids = datapoint_ids(answer)
    return answer, {at for at in range(6) if any(small.datapoints[f"q{at}"].startswith(id) for id in ids)}


@pytest.mark.parametrize(
    ("evaluator", "other", "numbers"),
    [
        ("judge", "human", {1, 4}),
        ("human", "judge", {1, 4}),
        ("tone_a", "tone_b", {2, 4}),
        ("tone_b", "tone_a", {2, 4}),
    ],
)
async def test_an_evaluator_contradicts_others_in_one_run(
    assistant: Assistant, evaluator: str, other: str, numbers: set[int]
) -> None:
    """The rows show both, and no evaluator that it cannot contradict."""
    small = await _made(assistant.client, JUDGED)
    answer, found = await _found(assistant, small, evaluator=evaluator, runs=["v0"])
    assert found == numbers
    assert f"2 datapoints on which {evaluator} disagrees between repeated logs or with {other}." in answer
    assert answer.count("tone_") == (0 if evaluator in ("judge", "human") else answer.count("tone_"))


async def test_disagreements_of_each_evaluator_are_those_of_any(assistant: Assistant) -> None:
    """Between runs and between evaluators together."""
    changed = {**JUDGED, "judge": [False, True, True, True, True, False]}
    small = await _made(assistant.client, JUDGED, changed)
    _, of_any = await _found(assistant, small)
    of_each = [await _found(assistant, small, evaluator=name) for name in ("judge", "human", "tone_a", "tone_b")]
    assert set[int]().union(*(numbers for _, numbers in of_each)) == of_any == {0, 1, 2, 4}
    assert [numbers for _, numbers in of_each] == [{0, 1, 4}, {0, 1, 4}, {2, 4}, {2, 4}]


async def test_an_evaluator_of_texts_cannot_tell(assistant: Assistant) -> None:
    """This comes first, instead of none."""
    small = await _made(assistant.client, JUDGED, JUDGED)
    answer, _ = await _found(assistant, small, evaluator="note")
    assert "No evaluator here can tell the datapoints on which runs disagree by note." in answer
    assert "Cannot tell disagreement by note: texts are not compared." in answer
    assert "No datapoints" not in answer
