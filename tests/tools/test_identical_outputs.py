"""Whether the judge moved or the system, as compare_runs tells it by identical outputs."""

from typing import Any

import pytest
from tests.assistant import Assistant
from tests.small_evaluations import FAILS, make_evaluation

pytestmark = pytest.mark.anyio
QUESTIONS = [f"q{number}" for number in range(60)]
SAME, OTHER = QUESTIONS[:40], QUESTIONS[40:]


def _outputs(name: str) -> dict[str, str]:
    """The first 40 are the same in all runs; the others are equally long."""
    return {**dict.fromkeys(SAME, "Paid."), **dict.fromkeys(OTHER, f"{name} says.")}


async def test_identical_outputs_tell_that_the_judge_moved(own_assistant: Assistant) -> None:
    """How many are judged differently, whether in one direction, and what of the difference that makes."""
    human = {"return_type": "boolean", "evaluator_type": "human", "instructions": "Judge."}
    small = await make_evaluation(
        own_assistant.client,
        "Moved",
        good={"return_type": "boolean"},
        score={"return_type": "number", "number_valence": "positive"},
        tone={"return_type": "select", "options": [{"name": "kind"}, {"name": "rude"}]},
        code={"return_type": "boolean", "evaluator_type": "python", "code": "lambda log: True"},
        people=human,
    )

    def judged(stricter: bool) -> list[tuple[str, dict[str, Any]]]:
        return [
            (
                question,
                {
                    "small/good": not stricter or number >= 12,
                    "small/score": number % 5 + stricter * (0.5 if number % 2 else -0.5) * (number < 8),
                    "small/tone": "rude" if stricter and number < 3 else "kind",
                    "small/code": not stricter or number < 50,
                    "small/people": not stricter or number >= 8,
                },
            )
            for number, question in enumerate(QUESTIONS)
        ]

    await small.run("v1", judged(stricter=False), outputs=_outputs("v1"))
    await small.run("v2", judged(stricter=True), outputs=_outputs("v2"))
    answer = await own_assistant.ask("compare_runs", evaluation=small.id, baseline="v1")
    lines = answer.splitlines()
    outputs = "Of 40 outputs identical in both runs"
    assert (
        f"{outputs}, good judged 12 differently (12 lower, 0 higher, p=0.0020): the judge moved, not the outputs. "
        "They make -20 points of its difference of -20 points."
    ) in lines
    assert (
        "Identical outputs judged differently, in no clear direction: tone 3 of 40 (p=0.50), "
        "score 8 of 40 (4 lower, 4 higher, p=1.00; makes 0.00 of 0.00)."
    ) in lines
    assert f"{outputs}, code judged all alike, so its difference is not the judge's." in lines
    assert any("people judged 8 differently" in line and "the people who judge moved" in line for line in lines)
    some = await own_assistant.ask(
        "compare_runs", evaluation=small.id, baseline="v1", evaluators=["good"], where=["input.question=q3|q50"]
    )
    assert (
        "in no clear direction: good 1 of 1 (1 lower, 0 higher, too few to test; makes -50 points of -50 points)."
        in some
    )


async def test_only_whole_outputs_without_an_error_are_identical(own_assistant: Assistant) -> None:
    """Other texts of one length, logs with an error, repeats that differ, missing judgments and more candidates."""
    small = await make_evaluation(own_assistant.client, "Apart", good={"return_type": "boolean"})
    judged = [(question, {"small/good": True}) for question in QUESTIONS]
    other: list[tuple[str, dict[str, Any]]] = [(question, {"small/good": False}) for question in QUESTIONS]
    gaps = [
        (question, {"small/good": FAILS} if number % 2 else given) for number, (question, given) in enumerate(other)
    ]
    await small.run("v1", judged, outputs=_outputs("v1"))
    await small.run("v2", other, outputs=dict.fromkeys(QUESTIONS, "Owed."))
    await small.run("v3", other, outputs=_outputs("v1"), error="Broke off.")
    await small.run("v4", [*other[:5], *other[:4]], questions=QUESTIONS, outputs=_outputs("v4"))
    await small.run("v5", gaps, outputs=_outputs("v5"))
    answer = await own_assistant.ask("compare_runs", evaluation=small.id, baseline="v1", family="asked")
    told = [line for line in answer.splitlines() if "dentical" in line]
    assert told == [
        "Of 20 outputs identical in the baseline and v5, good judged 20 differently (20 lower, 0 higher, p<0.0001): "
        "the judge moved, not the outputs. They make -66.7 points of its difference of -100 points.",
        "Identical outputs judged differently, in no clear direction: good 5 of 5 in v4 (5 lower, 0 higher, too few to "
        "test; makes -100 points of -100 points).",
    ]


async def test_nothing_is_told_where_nothing_differs(own_assistant: Assistant) -> None:
    """Equal judgments of identical outputs are no news without a difference."""
    small = await make_evaluation(own_assistant.client, "Equal", good={"return_type": "boolean"})
    judged = [(question, {"small/good": number % 2 == 0}) for number, question in enumerate(QUESTIONS)]
    await small.run("v1", judged, outputs=_outputs("v1"))
    await small.run("v2", judged, outputs=_outputs("v2"))
    assert "identical" not in await own_assistant.ask("compare_runs", evaluation=small.id, baseline="v1")
