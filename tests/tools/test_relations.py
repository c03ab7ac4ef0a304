"""How judgments relate to length, latency and each other, as list_runs tells it."""

import re
from typing import Any

import pytest
from tests.assistant import Assistant
from tests.small_evaluations import make_evaluation

pytestmark = pytest.mark.anyio
NUMBER = {"return_type": "number"}


async def _made(assistant: Assistant) -> str:
    """Forty outputs, each longer than the one before; the later half is good, and the score falls."""
    small = await make_evaluation(
        assistant.client, "Longer", good={"return_type": "boolean"}, score=NUMBER, same=NUMBER, length=NUMBER
    )
    logs: list[tuple[str, dict[str, Any]]] = [
        (
            f"q{number}",
            {"small/good": number >= 20, "small/score": -number, "small/same": 3, "small/length": number % 7},
        )
        for number in range(40)
    ]
    await small.run("v1", logs, outputs={f"q{number}": "x" * (number + 1) for number in range(40)})
    return small.id


async def test_judgments_relate_to_measures_and_each_other(own_assistant: Assistant) -> None:
    """The strongest first, measures before judgments; what never varies is named; the figures are exact."""
    answer = await own_assistant.ask("list_runs", evaluation=await _made(own_assistant), show="relations")
    lines = answer.splitlines()
    assert " Relations on 40 logs." in lines[0]
    assert "log.length | 40 | 20.5 | 1 | 4.9 | 20.5 | 36.1 | 40 | 6 5 5 6 5 5 6 2 (step 5.29)" in lines
    assert "good | 40 | 50% true | - | - | - | - | - | -" in lines
    assert "same | 40 | 3 | 3 | 3 | 3 | 3 | 3 | 3: 40" in lines
    pairs = [line for line in lines if re.match(r"(good|score|length), ", line)]
    assert pairs[0] == "score, log.length | 40 | -1.00"
    assert pairs[1] == "good, log.length | 40 | 0.87 (0.76 to 0.93) pb"
    assert "good, score | 40 | -0.87 (-0.93 to -0.76) pb" in pairs
    assert "The same on all logs, so without correlations: same." in answer


async def test_conditions_choose_the_logs(own_assistant: Assistant) -> None:
    """Of some logs; of none, the answer says which condition excludes all."""
    id = await _made(own_assistant)
    some = await own_assistant.ask("list_runs", evaluation=id, show="correlations", where=["good=true"])
    assert " Relations on 20 logs " in some
    assert "good, score" not in some
    none = await own_assistant.ask("list_runs", evaluation=id, show="relations", where=["log.length>99", "good=true"])
    assert "Relations on 0 logs" in none
    assert "Alone, too, nothing matches" in none


async def test_a_failed_log_has_no_length(own_assistant: Assistant) -> None:
    """It is no short output that was judged badly: neither in the mean, nor in the correlation, nor in a bin."""
    small = await make_evaluation(own_assistant.client, "Failing", good={"return_type": "boolean"})
    rows: list[tuple[str, dict[str, Any]]] = [(f"q{at}", {"small/good": at % 2 == 0}) for at in range(10)]
    await small.run("v1", rows, outputs={question: "x" * (10 + at // 2) for at, (question, _) in enumerate(rows)})
    await small.run("v2", [(question, {"small/good": False}) for question, _ in rows], output=None, error="timeout")
    answer = await own_assistant.ask("list_runs", evaluation=small.id, show="relations")
    assert re.search(r"^length \| 10 \| 12 \| 10 \|", answer, re.MULTILINE), answer
    assert "good, length | 10 | 0.00" in answer
    grouped = await own_assistant.ask("list_runs", evaluation=small.id, group_by="length")
    assert "no value | v2 | 10 | 0% true" in grouped


async def test_without_judgments_nothing_relates(own_assistant: Assistant) -> None:
    """Only texts: the answer says that no evaluator gave numbers."""
    small = await make_evaluation(own_assistant.client, "Texts", comment={"return_type": "text"})
    await small.run("v1", [("a", {"small/comment": "fine"}), ("b", {})])
    for show, said in (("relations", "No evaluator gave numbers"), ("agreement", "No two evaluators or authors")):
        assert said in await own_assistant.ask("list_runs", evaluation=small.id, show=show)


async def test_turns_are_the_messages_of_a_conversation(own_assistant: Assistant) -> None:
    """Of the log, else of the datapoint; told only where conversations differ in length."""
    small = await make_evaluation(own_assistant.client, "Talks", good={"return_type": "boolean"})
    message = {"role": "user", "content": "And then?"}
    for turns in (1, 2, 3):
        logs = [(f"q{number}", {"small/good": turns < 3}) for number in range(6)]
        await small.run(f"v{turns}", logs, messages=[message] * turns)
    answer = await own_assistant.ask("list_runs", evaluation=small.id, show="relations")
    assert "turns | 18 | 2 | 1 | 1 | 2 | 3 | 3 | 1: 6, 2: 6, 3: 6" in answer.splitlines()
    assert re.search(r"^good, turns \| 18 for 6 datapoints \| -0\.87 pb", answer, re.MULTILINE)
    alike = await own_assistant.ask("list_runs", evaluation=small.id, show="relations", where=["run=v2"])
    assert "turns" not in alike
