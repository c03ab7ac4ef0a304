"""The first line of a comparison: ship, do not ship, or cannot tell yet; at every budget."""

import pytest
from tests.assistant import Assistant
from tests.own_rows import app, assistant, client
from tests.small_evaluations import make_evaluation

from evals_mcp.answers.frame.tokens import estimate

pytestmark = pytest.mark.anyio
__all__ = ["app", "assistant", "client"]
QUESTIONS = [f"q{n}" for n in range(60)]


async def verdict(assistant: Assistant, evaluation: str, **arguments: object) -> str:
    """The first line of a comparison."""
    return (await assistant.ask("compare_runs", evaluation=evaluation, **arguments)).splitlines()[0]


async def test_each_decision_has_its_line(assistant: Assistant) -> None:
    """Better is shipped, worse is not, and equal needs more datapoints or a larger margin; the best one is named."""
    small = await make_evaluation(assistant.client, right={"return_type": "boolean"})
    runs = {"old": 30, "good": 55, "bad": 8, "same": 31}
    for label, right in runs.items():
        await small.run(label, [(question, {"small/right": at < right}) for at, question in enumerate(QUESTIONS)])
    chosen = {label: {"baseline": "old", "candidates": [label]} for label in runs}
    assert await verdict(assistant, small.id, **chosen["good"]) == (
        "Verdict: ship good: better by right (+41.7 points)."
    )
    assert await verdict(assistant, small.id, **chosen["bad"]) == (
        "Verdict: do not ship bad: worse by right (-36.7 points, margin 2 points)."
    )
    unsure = await verdict(assistant, small.id, **chosen["same"])
    assert unsure.startswith("Verdict: cannot tell yet about same: it may lose more than the margin by right (up to ")
    assert unsure.endswith("judged datapoints would tell if it is no worse.")
    shipped = await verdict(assistant, small.id, margin="12 points", **chosen["same"])
    assert shipped == "Verdict: ship same: no loss beyond the margin by right (+1.7 points, margin 12 points)."
    assert (await verdict(assistant, small.id, baseline="old")).startswith("Verdict: ship good (best of 3): better by")
    several = await assistant.ask("compare_runs", evaluation=small.id, baseline="old", candidates=["same", "bad"])
    first, second = several.splitlines()[:2]
    assert "same (best of 2): it may lose more than the margin" in first
    assert second == "As the best of 2, its intervals are wider than in its rows."
    for budget in (300, 400, 600, 900):
        answer = await assistant.ask("compare_runs", evaluation=small.id, max_tokens=budget, **chosen["bad"])
        assert answer.startswith("Verdict: do not ship bad: worse by right (-36.7 points, margin 2 points).\n")
        assert estimate(answer) <= budget


async def test_what_the_verdict_only_counts_has_its_figures_below_it(assistant: Assistant) -> None:
    """The line is the same at every budget; the figures of the other evaluators come with room."""
    small = await make_evaluation(assistant.client, right={"return_type": "boolean"}, kind={"return_type": "boolean"})
    for label, right in {"old": 55, "new": 8}.items():
        rows = [(q, {"small/right": at < right, "small/kind": at < right + 1}) for at, q in enumerate(QUESTIONS)]
        await small.run(label, rows)
    line = "Verdict: do not ship new: worse by right (-78.4 points, margin 2 points) and 1 more."
    for budget in (300, 400, 600, 900, 4_000):
        answer = await assistant.ask("compare_runs", evaluation=small.id, max_tokens=budget)
        assert answer.splitlines()[0] == line
    assert answer.splitlines()[1] == "Also: worse by kind (-78.3 points, margin 2 points)."


async def test_what_cannot_decide_gets_no_verdict(assistant: Assistant) -> None:
    """No direction, too few pairs, and datapoints chosen by their outcome are told, each with what to do."""
    small = await make_evaluation(assistant.client, score={"return_type": "number"}, ok={"return_type": "boolean"})
    for label in ("a", "b"):
        await small.run(label, [(q, {"small/score": at % 3, "small/ok": at < 2}) for at, q in enumerate(QUESTIONS[:4])])
    undirected = await verdict(assistant, small.id, evaluators=["score"])
    assert undirected.startswith("No verdict: no direction is set for score. Set number_valence")
    few = await verdict(assistant, small.id)
    assert few.startswith("Verdict: cannot tell yet about b: fewer than 6 pairs by ok (n=4)")
    assert (await verdict(assistant, small.id, where=["baseline.ok=true"])).startswith("No verdict: the datapoints are")


async def test_more_failed_logs_prevent_a_verdict_to_ship(assistant: Assistant) -> None:
    """Errors are in no evaluator's figures, so a run that fails more often would look good."""
    small = await make_evaluation(assistant.client, right={"return_type": "boolean"})
    await small.run("old", [(question, {"small/right": at < 20}) for at, question in enumerate(QUESTIONS)])
    await small.run("new", [(question, {}) for question in QUESTIONS], error="timeout")
    assert await verdict(assistant, small.id) == (
        "Verdict: do not ship new: more failed logs (60 of 60, baseline 0 of 60)."
    )


async def test_repeated_logs_of_a_datapoint_that_always_fails_are_one_failure(assistant: Assistant) -> None:
    """One datapoint of 15 with ten failed logs each is no evidence that logs fail more often, as a verdict has it."""
    small = await make_evaluation(assistant.client, right={"return_type": "boolean"})
    questions = [question for question in QUESTIONS[:15] for _ in range(10)]
    await small.run("old", [(question, {"small/right": True}) for question in questions])
    await small.run("new", [(question, {"small/right": True}) for question in questions], errors={"q0": "timeout"})
    assert "more failed logs" not in await verdict(assistant, small.id)


@pytest.mark.parametrize(
    ("margin", "words"),
    [
        ("0.1", 'has no unit. Write "5 points" for rates, "0.2 sd" for numbers, or "score=0.3" for one.'),
        ("much", "is no margin."),
        ("score=3 points", "in the evaluator's own unit, without points"),
        ("ok=5", "a rate is from 0 to 1"),
        ("scrore=1", "Nearest: score"),
        ("300 points", "a rate is from 0 to 1"),
    ],
)
async def test_a_margin_without_sense_is_refused(assistant: Assistant, margin: str, words: str) -> None:
    """A margin has a unit that fits its evaluator."""
    small = await make_evaluation(assistant.client, score={"return_type": "number"}, ok={"return_type": "boolean"})
    for label in ("a", "b"):
        await small.run(label, [(question, {"small/score": 1, "small/ok": True}) for question in QUESTIONS[:6]])
    assert words in await assistant.refuse("compare_runs", evaluation=small.id, margin=margin)
