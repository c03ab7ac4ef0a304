"""Several logs of a datapoint, as list_runs tells them."""

from typing import Any

import pytest
from tests.assistant import Assistant
from tests.small_evaluations import FAILS, make_evaluation

pytestmark = pytest.mark.anyio
_SPECS: dict[str, dict[str, Any]] = {
    "correct": {"return_type": "boolean"},
    "toxic": {"return_type": "boolean", "number_valence": "negative"},
    "stars": {"return_type": "number"},
    "tone": {
        "return_type": "select",
        "options": [{"name": "kind", "valence": "positive"}, {"name": "rude", "valence": "negative"}],
    },
    "style": {"return_type": "select", "options": [{"name": "short"}, {"name": "long"}]},
}


async def _made(assistant: Assistant) -> str:
    """Forty questions: three logs of each in v1, of which none, one, two or all are correct; one log of each in v2."""
    small = await make_evaluation(assistant.client, "Repeated", **_SPECS)
    logs: list[tuple[str, dict[str, Any]]] = []
    for number in range(40):
        for repeat in range(3):
            judgments = {
                "correct": repeat < number % 4,
                "toxic": False,
                "stars": repeat + 1,
                "tone": "kind" if repeat else "rude",
                "style": "short",
            }
            logs.append((f"q{number}", {f"small/{name}": value for name, value in judgments.items()}))
    logs[0] = ("q0", {"small/correct": FAILS})
    await small.run("v1", logs)
    await small.run("v2", [(f"q{number}", {"small/correct": True}) for number in range(40)])
    return small.id


async def test_repeats_tell_spread_any_of_k_and_all_of_k(own_assistant: Assistant) -> None:
    """Exact rates, what passes, the datapoints in no figure, runs without repeats, and the call that shows which."""
    answer = await own_assistant.ask("list_runs", evaluation=await _made(own_assistant), show="repeats")
    lines = answer.splitlines()
    assert " Repeats on 160 logs." in lines[0]
    rows = {line.split(" | ")[0]: line.split(" | ")[1:] for line in lines if " | v1 | " in line}
    assert rows["correct"][:3] == ["v1", "39 of 40", "3"]
    assert [cell.split(" (")[0] for cell in rows["correct"][3:5]] == ["51%", "0.41"]
    assert rows["correct"][5] == "20 of 39"
    assert [part.split(" (")[0] for part in rows["correct"][6].split("; ")] == ["2: 68%", "3: 77%"]
    assert [part.split(" (")[0] for part in rows["correct"][7].split("; ")] == ["2: 34%", "3: 26%"]
    assert rows["toxic (false passes)"][3].startswith("100% (")
    assert rows["stars"][3:6] == ["2.00", "1", "39"]
    assert rows["tone (passes)"][6] == "2: 100% (91 to 100); 3: 100% (91 to 100)"
    assert rows["style"][3:] == ["-", "-", "0 of 39", "-", "-"]
    assert "Without repeats: v2." in answer
    assert "in no figure of their row" in answer
    offered = answer.partition("Disagreements of tone in v1, between logs or with other evaluators: ")[2]
    assert offered.startswith("list_datapoints(")
    assert 'show="disagreement", runs=["v1"], evaluator="tone")' in offered


async def test_without_repeats_the_answer_says_so(own_assistant: Assistant) -> None:
    """One log of each datapoint, one judged log of several, and no log at all."""
    id = await _made(own_assistant)
    once = await own_assistant.ask("list_runs", evaluation=id, show="pass@k", where=["run=v2"])
    assert "Each datapoint has one log in a run. No run has two judged logs" in once
    good = await own_assistant.ask("list_runs", evaluation=id, show="repeats", where=["output~v2", "correct=true"])
    assert "No run has two judged logs" in good
    none = await own_assistant.ask("list_runs", evaluation=id, show="repeats", where=["stars>99"])
    assert "Repeats on 0 logs" in none
    small = await make_evaluation(own_assistant.client, "Judged once", correct={"return_type": "boolean"})
    await small.run("v1", [("q", {"small/correct": True}), ("q", {}), ("r", {})])
    answer = await own_assistant.ask("list_runs", evaluation=small.id, show="repeats")
    assert "Logs of each datapoint: 1 to 2 in v1. No run has two judged logs" in answer
