"""Judgments of evaluators without a direction are never worse, better or failures."""

import re
from typing import Any

import pytest
from tests.assistant import Assistant
from tests.own_rows import app, assistant, client
from tests.small_evaluations import SmallEvaluation, make_evaluation

from evals_mcp.client.client import EvalsClient

__all__ = ["app", "assistant", "client"]

pytestmark = pytest.mark.anyio
LIMITS = {"number_limits": {"min": 0, "max": 9}}
NUMBER: dict[str, Any] = {"return_type": "number", **LIMITS}
NEUTRAL: dict[str, Any] = {**NUMBER, "number_valence": "neutral"}
OPTIONS = [{"name": "low"}, {"name": "high"}]
SELECT: dict[str, Any] = {"return_type": "select", "options": OPTIONS}
EQUAL: dict[str, Any] = {
    "return_type": "select",
    "options": [{**option, "valence": "neutral"} for option in OPTIONS],
}
FALLING = ([9] * 8, [0] * 8)
CHANGING = (["high"] * 8, ["low"] * 8)
UNDIRECTED = [(NUMBER, FALLING), (NEUTRAL, FALLING), (SELECT, CHANGING), (EQUAL, CHANGING)]
RATED = [
    {"name": "kind", "valence": "positive"},
    {"name": "rude", "valence": "negative"},
    {"name": "wrong", "valence": "negative"},
]


async def _made(client: EvalsClient, runs: dict[str, list[Any]], **spec: Any) -> SmallEvaluation:
    small = await make_evaluation(client, it=spec)
    for name, judged in runs.items():
        await small.run(name, [(f"q{number}", {"small/it": value}) for number, value in enumerate(judged)])
    return small


@pytest.mark.parametrize(("spec", "judged"), UNDIRECTED)
async def test_nothing_got_worse_or_better(
    client: EvalsClient, assistant: Assistant, spec: dict[str, Any], judged: tuple[list[Any], list[Any]]
) -> None:
    """Although every judgment changed in the same way. Lower and higher numbers are shown instead."""
    await _made(client, {"a": judged[0], "b": judged[1]}, **spec)
    is_number = spec["return_type"] == "number"
    for outcome, number in (("regressed", "8 datapoints got lower by it"), ("improved", "0 datapoints got higher")):
        answer = await assistant.ask("compare_runs", evaluation="Small", outcome=outcome, limit=1)
        assert "No better or worse by it, so " in answer
        assert "| worse" not in answer
        assert (number if is_number else "8 datapoints changed by it") in answer
        shown = "lower" if is_number else "changed"
        assert (outcome == "improved" and is_number) or f'outcome="{shown}", limit=1, cursor=' in answer
    assert "8 datapoints changed" in await assistant.ask("compare_runs", evaluation="Small", outcome="changed")


@pytest.mark.parametrize("spec", [NUMBER, NEUTRAL, {**NUMBER, "number_valence": "negative"}])
async def test_lower_and_higher_numbers_are_outcomes(
    client: EvalsClient, assistant: Assistant, spec: dict[str, Any]
) -> None:
    """Whichever is better."""
    await _made(client, {"a": [5, 5, 5], "b": [1, 5, 7]}, **spec)
    lower = await assistant.ask("compare_runs", evaluation="Small", outcome="lower")
    higher = await assistant.ask("compare_runs", evaluation="Small", outcome="higher")
    assert "1 datapoint got lower by it" in lower
    assert "it 5 → 1" in lower
    assert "1 datapoint got higher by it" in higher
    assert "it 5 → 7" in higher


@pytest.mark.parametrize(("spec", "judged"), UNDIRECTED)
async def test_nothing_fails(
    client: EvalsClient, assistant: Assistant, spec: dict[str, Any], judged: tuple[list[Any], list[Any]]
) -> None:
    """The answer says that it cannot tell, and why."""
    await _made(client, {"a": judged[1], "b": judged[1]}, **spec)
    for asked in ({}, {"evaluator": "it"}):
        answer = await assistant.ask("list_datapoints", evaluation="Small", show="all_fail", **asked)
        assert "No evaluator here can tell the datapoints" in answer
    assert "valence in the evaluator" in answer


async def test_sorting_by_an_undeclared_number_says_which_end_is_first(
    client: EvalsClient, assistant: Assistant
) -> None:
    """Lowest first, and not called the worst."""
    await _made(client, {"a": [3, 1, 2]}, **NUMBER)
    for asked in ({}, {"evaluator": "it"}):
        answer = await assistant.ask("get_logs", evaluation="Small", sort="worst", **asked)
        assert "3 logs judged by it, lowest judgment first (not set whether higher is better" in answer
        assert answer.index("a answers q1") < answer.index("a answers q2") < answer.index("a answers q0")


async def test_an_evaluator_with_a_direction_is_the_one_to_sort_by(client: EvalsClient, assistant: Assistant) -> None:
    """Rather than one without, even if that has more values."""
    small = await make_evaluation(client, raw={"return_type": "number"}, good={"return_type": "boolean"})
    await small.run("a", [(f"q{number}", {"small/raw": number, "small/good": number > 0}) for number in range(3)])
    answer = await assistant.ask("get_logs", evaluation="Small", sort="worst")
    assert "judged by good, worst judgment first" in answer


async def test_options_of_one_valence_are_not_sorted(client: EvalsClient, assistant: Assistant) -> None:
    """None of them is worse."""
    await _made(client, {"a": ["low", "high"]}, **EQUAL)
    refused = await assistant.refuse("get_logs", evaluation="Small", sort="worst", evaluator="it")
    assert "nothing is worst by it" in refused


async def test_numbers_of_a_neutral_evaluator_are_filtered(client: EvalsClient, assistant: Assistant) -> None:
    """By value, although they have no order of worse and better."""
    await _made(client, {"a": [1, 5, 7]}, **NEUTRAL)
    assert "2 logs judged" in await assistant.ask("get_logs", evaluation="Small", where=["it>=5"])
    assert "1 log judged" in await assistant.ask("get_logs", evaluation="Small", where=["it=5"])


async def test_sets_of_options_are_sorted_by_the_sum_of_their_valences(
    client: EvalsClient, assistant: Assistant
) -> None:
    """As a comparison counts them: two negative ones are worst, and a log without any is between good and bad."""
    judged: list[list[str]] = [["kind"], [], ["kind", "rude"], ["rude"], ["rude", "wrong"], ["kind", "rude", "wrong"]]
    await _made(client, {"a": judged}, return_type="multi_select", options=RATED)
    answer = await assistant.ask("get_logs", evaluation="Small", sort="worst", max_tokens=8_000)
    assert "6 logs judged by it, worst judgment first (by the sum of valences)" in answer
    order = sorted(range(6), key=lambda number: answer.index(f"a answers q{number}"))
    assert order == [4, 3, 5, 1, 2, 0]


async def test_only_evaluators_that_judged_these_runs_decide_between_worse_and_lower(
    client: EvalsClient, assistant: Assistant
) -> None:
    """One with a direction that judged other runs, or one of them, hides no evidence."""
    small = await make_evaluation(client, it=NUMBER, good={"return_type": "boolean"})
    for name, value, judged in (("a", 9, ()), ("b", 0, ()), ("c", 5, (True,)), ("d", 5, (False,))):
        goods = [{"small/good": good} for good in judged]
        await small.run(name, [(f"q{n}", {"small/it": value, **(goods[0] if goods else {})}) for n in range(8)])
    for asked in ({"candidates": ["b"]}, {"candidates": ["b", "c"]}):
        answer = await assistant.ask("compare_runs", evaluation="Small", baseline="a", **asked)
        assert "No better or worse by it, so lower instead" in answer
        assert "8 datapoints got lower by at least one evaluator" in answer
    several: dict[str, Any] = {"evaluation": "Small", "baseline": "c", "limit": 1, "max_tokens": 8_000}
    worse = await assistant.ask("compare_runs", **several)
    assert "8 datapoints got worse by at least one evaluator in d" in worse
    first = await assistant.ask("compare_runs", **several, cursor=_offered(worse)["a"])
    assert "0 datapoints got lower by at least one evaluator in a" in first
    second = await assistant.ask("compare_runs", **several, cursor=_offered(first)["b"])
    assert "No better or worse by it, so lower instead" in second
    assert "8 datapoints got lower by at least one evaluator in b" in second


async def test_no_cursor_leads_to_a_candidate_without_pairs(client: EvalsClient, assistant: Assistant) -> None:
    """It is left out of the round, and never shown first."""
    small, same = await make_evaluation(client, it={"return_type": "boolean"}), [True, False] * 2
    for name, values in (("a", same), ("unjudged", []), ("b", same), ("apart", []), ("c", same)):
        await small.run(name, [(f"q{n}", {"small/it": values[n]} if values else {}) for n in range(4)])
    answer = await assistant.ask("compare_runs", evaluation="Small", baseline="a")
    assert "0 datapoints got worse by it in b" in answer
    ((run, cursor),) = _offered(answer).items()
    answer = await assistant.ask("compare_runs", evaluation="Small", baseline="a", cursor=cursor)
    assert run == "c"
    assert "0 datapoints got worse by it in c" in answer
    assert not _offered(answer)


def _offered(answer: str) -> dict[str, str]:
    """The cursor of the offered candidate, by its name."""
    return dict(re.findall(r'Datapoints of (\S+): .*cursor="([^"]+)"', answer))
