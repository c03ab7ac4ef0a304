"""Runs in order, as list_runs tells them."""

from typing import Any

import pytest
from tests.assistant import Assistant
from tests.pairwise_comparisons import NAME, pairwise_document
from tests.small_evaluations import make_evaluation

from evals_mcp.importers.loader import load_document, stream

pytestmark = pytest.mark.anyio


async def _made(assistant: Assistant) -> str:
    """Three runs: of forty questions, good answers on 36, 34 and 10; nobody judged a fourth."""
    small = await make_evaluation(
        assistant.client,
        "Ranked",
        good={"return_type": "boolean"},
        toxic={"return_type": "boolean", "number_valence": "negative"},
        score={"return_type": "number"},
        style={"return_type": "select", "options": [{"name": "short"}, {"name": "long"}]},
    )
    for name, right in (("v1", 10), ("v2", 36), ("v3", 34)):
        logs: list[tuple[str, dict[str, Any]]] = [
            (
                f"q{number}",
                {
                    "small/good": number < right,
                    "small/toxic": number >= right,
                    "small/score": number % right,
                    "small/style": "short",
                },
            )
            for number in range(40)
        ]
        await small.run(name, logs)
    await small.run("v4", [("q1", {})])
    return small.id


async def test_runs_are_ranked_as_far_as_tests_tell(own_assistant: Assistant) -> None:
    """Ties have a range; every pair has its test; what is not ranked is named."""
    id = await _made(own_assistant)
    answer = await own_assistant.ask("list_runs", evaluation=id, show="ranking")
    lines = answer.splitlines()
    assert " Ranking of runs on 121 logs." in lines[0]
    evaluators = "good, toxic (false is better), score (highest first)"
    assert lines[1] == f"{evaluators}: the data cannot tell which of these 2 is first: v2, v3 (3 pairs)."
    assert "good | 1–2 | v2 | 90% (77 to 96) | 40 | v1" in lines
    assert "good | 1–2 | v3 | 85% (71 to 93) | 40 | v1" in lines
    assert "good | 3 | v1 | 25% (14 to 40) | 40 | -" in lines
    assert "toxic (false is better) | 1–2 | v2 | 10% (4 to 23) | 40 | v1" in lines
    assert "good | v3, v2 | 40 | +5 points | -4.2 to +16.5 points | 0.50" in lines
    assert any(line.startswith("score (highest first) | 1") for line in lines)
    assert f"Not judged by {evaluators}: v4." in answer
    assert "Not ranked, because no judgment is better than another: style." in answer


async def test_who_is_first_stands_in_the_smallest_answer(own_assistant: Assistant) -> None:
    """Rows of the table wait: the line is the answer, and the rows are what it is made of."""
    answer = await own_assistant.ask("list_runs", evaluation=await _made(own_assistant), show="ranking", max_tokens=300)
    assert "the data cannot tell which of these 2 is first: v2, v3 (3 pairs)." in answer.splitlines()[1]
    assert "good | 1–2 | v2 | " in answer


async def test_one_evaluator_and_some_logs_can_be_ranked(own_assistant: Assistant) -> None:
    """By its name; pages reach every pair once; a name that is none, or a view of all evaluators, is refused."""
    id = await _made(own_assistant)
    one = await own_assistant.ask("list_runs", evaluation=id, show="leaderboard", evaluator="good", where=["run!=v1"])
    assert one.splitlines()[1] == "good: the data cannot tell which of the 2 runs is first (1 pair)."
    assert "1–2 | v2 | 90% (77 to 96) | 40" in one
    pages = await own_assistant.all_pages("list_runs", evaluation=id, show="ranking", max_tokens=500)
    assert len(pages) > 1
    rows = [line for page in pages for line in page.splitlines() if line.count(" | ") >= 5 and "evaluator" not in line]
    assert len(rows) == len(set(rows)) == 18
    assert (
        'no evaluator is named "god"'
        in (await own_assistant.refuse("list_runs", evaluation=id, show="ranking", evaluator="god")).lower()
    )
    refused = await own_assistant.refuse("list_runs", evaluation=id, show="relations", evaluator="good")
    assert "evaluator: show=relations always has all evaluators. Omit it, or use show=agreement, repeats" in refused
    assert "relations" in refused
    assert "ranking" in refused
    biased = await own_assistant.ask("list_runs", evaluation=id, show="ranking", where=["score>3"], evaluator="good")
    assert "rates and differences are biased" in biased


async def test_nothing_to_rank_is_said(own_assistant: Assistant) -> None:
    """One run, runs that share no datapoint, no log."""
    id = await _made(own_assistant)
    single = await own_assistant.ask("list_runs", evaluation=id, show="ranking", where=["run=v1"])
    assert "No evaluator judged two runs here, so there is no run to rank." in single
    none = await own_assistant.ask("list_runs", evaluation=id, show="ranking", where=["score>99"])
    assert "Ranking of runs on 0 logs" in none
    small = await make_evaluation(own_assistant.client, "Apart", good={"return_type": "boolean"})
    for name in ("v1", "v2"):
        await small.run(name, [(f"{name} {number}", {"small/good": name == "v1"}) for number in range(9)])
    apart = await own_assistant.ask("list_runs", evaluation=small.id, show="ranking")
    assert "No shared datapoint by good, so not tested: v1 and v2." in apart
    assert "the data cannot tell which of the 2 runs is first" in apart


async def test_pairwise_judges_rate_the_models_that_datapoints_name(own_assistant: Assistant) -> None:
    """On the Elo scale with intervals and ranks; the fields are told, and how often two models met."""
    await load_document(own_assistant.client, stream(pairwise_document()))
    answer = await own_assistant.ask("list_runs", evaluation=NAME, show="ranking", evaluator="side")
    lines = answer.splitlines()
    assert lines[1] == (
        "side compares models that metadata.model_a and metadata.model_b name: 4 models, 234 judgments, 20 ties."
    )
    rows = [line.split(" | ") for line in lines if line.startswith("side | ")]
    models = rows[:4]
    assert [row[1] for row in models] == ["1", "2–3", "2–3", "4"]
    assert [row[2] for row in models][::3] == ['"strong"', '"weak"']
    assert len(rows) == 4 + 6
    assert "Bradley–Terry" in answer
    both = await own_assistant.ask("list_runs", evaluation=NAME, show="elo")
    assert "winner compares models that" in both
    assert "Not ranked, because no judgment is better than another: style." in both


async def test_a_pairwise_judge_of_unknown_models_rates_nothing(own_assistant: Assistant) -> None:
    """The answer says what the datapoints lack."""
    await load_document(own_assistant.client, stream(pairwise_document(12, named=False)))
    answer = await own_assistant.ask("list_runs", evaluation=NAME, show="ranking")
    assert "No ratings by side: a side is chosen, but no fields of the datapoints name the models." in answer
    assert "metadata.model_a and metadata.model_b" in answer
