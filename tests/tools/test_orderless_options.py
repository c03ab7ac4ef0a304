"""What evaluators without an order cannot tell is said, never answered with none."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.assistant import Assistant, datapoint_ids
from tests.own_rows import app, assistant, client
from tests.small_evaluations import SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient

__all__ = ["app", "assistant", "client"]

pytestmark = pytest.mark.anyio
OPTIONS = [{"name": "ok"}, {"name": "bad"}]
SELECT: dict[str, Any] = {"return_type": "select", "options": OPTIONS}
HUMAN: dict[str, Any] = {"return_type": "boolean", "evaluator_type": "human"}
QUESTIONS = [f"q{number}" for number in range(6)]
TWICE: dict[str, dict[str, list[Any]]] = {run: {"tone": ["bad"] * 2 + ["ok"] * 4} for run in ("a", "b")}
VALENCE = "options[].valence"


def _shown(small: SmallEvaluation, *questions: str) -> list[str]:
    """The short ids of datapoints."""
    return [small.datapoints[question][: len("dp_") + 6] for question in questions]


async def made(client: EvalsClient, runs: Mapping[str, Mapping[str, Any]], **specs: Any) -> SmallEvaluation:
    """An evaluation with these runs: what each evaluator says of the questions, in order; None is not judged."""
    small = await make_evaluation(client, **specs)
    for name, judged in runs.items():
        logs = [
            (question, {f"small/{by}": said[at] for by, said in judged.items() if said[at] is not None})
            for at, question in enumerate(QUESTIONS)
        ]
        await small.run(name, logs)
    return small


async def test_options_without_valence_cannot_tell_failures(client: EvalsClient, assistant: Assistant) -> None:
    """All runs say bad of two datapoints, but nothing says that bad is bad: the answer names the setting."""
    await made(client, TWICE, tone=SELECT)
    for asked in ({}, {"evaluator": "tone"}):
        answer = await assistant.ask("list_datapoints", evaluation="Small", show="all_fail", **asked)
        assert "No datapoints" not in answer
        assert "No evaluator here can tell the datapoints that every run fails by " in answer
        assert "Cannot tell failures by tone: its options have no order." in answer
        assert VALENCE in answer
        assert "filter with where=" in answer


async def test_with_a_valence_they_can(client: EvalsClient, assistant: Assistant) -> None:
    """The same judgments, with a negative option."""
    spec = {**SELECT, "options": [OPTIONS[0], {"name": "bad", "valence": "negative"}]}
    await made(client, TWICE, tone=spec)
    answer = await assistant.ask("list_datapoints", evaluation="Small", show="all_fail")
    assert "2 datapoints that every run fails by the same evaluator." in answer
    assert "Cannot tell" not in answer
    logs = await assistant.ask("get_logs", evaluation="Small", sort="worst")
    assert "4 logs" in logs
    assert f"Not sorted, because tone gives them no valence ({VALENCE}): ok." in logs


async def test_different_options_disagree_without_an_order(client: EvalsClient, assistant: Assistant) -> None:
    """Between runs by one evaluator, and between evaluators with the same options on one log."""
    runs: dict[str, dict[str, list[Any]]] = {
        "a": {"tone": ["bad", "ok", "ok", "ok", "ok", "ok"], "person": ["bad", "ok", "bad", "ok", "ok", None]},
        "b": {"tone": ["ok", "ok", "ok", "ok", "ok", "ok"], "person": ["ok", "ok", "bad", "ok", "ok", None]},
    }
    small = await made(client, runs, tone=SELECT, person=SELECT)
    answer = await assistant.ask("list_datapoints", evaluation="Small", show="disagreement")
    assert datapoint_ids(answer) == _shown(small, "q0", "q2")
    by_one = await assistant.ask("list_datapoints", evaluation="Small", show="disagreement", evaluator="tone")
    assert "2 datapoints on which tone disagrees between runs or with person." in by_one
    assert datapoint_ids(by_one) == datapoint_ids(answer)


@pytest.mark.parametrize("runs", [["a"], ["a", "b"]])
async def test_a_judge_that_is_always_true_disagrees_with_a_human(
    client: EvalsClient, assistant: Assistant, runs: list[str]
) -> None:
    """Also where the human judged only one of the runs."""
    judged: dict[str, list[Any]] = {"judge": [True] * 6, "person": [True, False, None, True, True, True]}
    said = {name: judged if name == "a" else {"judge": [True] * 6} for name in runs}
    small = await made(client, said, judge={"return_type": "boolean"}, person=HUMAN)
    answer = await assistant.ask("list_datapoints", evaluation="Small", show="disagreement")
    assert datapoint_ids(answer) == _shown(small, "q1")
    assert "Excluded as constant" not in answer


@pytest.mark.parametrize(
    ("spec", "values", "words"),
    [
        (SELECT, ["ok", "bad"], VALENCE),
        ({"return_type": "multi_select", "options": OPTIONS}, [["ok"], ["bad"]], VALENCE),
        ({"return_type": "text"}, ["a", "b"], "texts have no order"),
        ({"return_type": "number", "number_valence": "neutral"}, [1, 2], "number_valence"),
    ],
)
async def test_what_has_no_order_is_not_sorted_by(
    client: EvalsClient, assistant: Assistant, spec: dict[str, Any], values: list[Any], words: str
) -> None:
    """The error names what would give an order, instead of an answer with no logs."""
    await made(client, {"a": {"it": values * 3}}, it=spec)
    for asked in ({}, {"evaluator": "it"}):
        refused = await assistant.refuse("get_logs", evaluation="Small", sort="worst", **asked)
        assert "sort:" in refused
        assert "latency, cost" in refused
        if asked:
            assert words in refused


@pytest.mark.parametrize(
    ("spec", "best", "worst"),
    [
        ({"return_type": "boolean", "options": [{"name": "true", "valence": "negative"}]}, False, True),
        (
            {
                "return_type": "multi_select",
                "options": [{"name": "ok", "valence": "positive"}, {"name": "bad", "valence": "negative"}],
            },
            ["ok"],
            ["ok", "bad"],
        ),
    ],
)
async def test_valences_of_options_sort_booleans_and_several_options(
    client: EvalsClient, assistant: Assistant, spec: dict[str, Any], best: Any, worst: Any
) -> None:
    """The worst judgment comes first."""
    await made(client, {"a": {"it": [best, worst, best, best, best, best]}}, it=spec)
    answer = await assistant.ask("get_logs", evaluation="Small", sort="worst", limit=1)
    assert "6 logs" in answer
    assert "a answers q1" in answer


async def test_numbers_without_a_range_name_what_gives_one(client: EvalsClient, assistant: Assistant) -> None:
    """The evaluator as an argument, unless that is what was asked, and its numbers are all the same."""
    directed = {"return_type": "number", "number_valence": "positive"}
    runs: dict[str, dict[str, list[Any]]] = {run: {"stars": [*range(6)], "flat": [3] * 6} for run in ("a", "b")}
    await made(client, runs, stars=directed, flat=directed)
    asked = {"evaluation": "Small", "show": "all_fail"}
    every = await assistant.ask("list_datapoints", **asked)
    why = "its numbers have no range. Set number_limits in the evaluator"
    assert f"Cannot tell failures by stars: {why}, or use evaluator= for the observed range." in every
    assert f"Cannot tell failures by flat: {why}." in await assistant.ask("list_datapoints", **asked, evaluator="flat")
