"""What people's labels of a judge, and groups of datapoints, do to the verdict of a comparison."""

import random
import re
from typing import Any

import pytest
from tests.assistant import Assistant
from tests.sliced_evaluations import EVALUATION, sliced_document
from tests.small_evaluations import make_evaluation

from evals_mcp.answers.frame.tokens import estimate
from evals_mcp.importers.loader import load_document, stream

pytestmark = pytest.mark.anyio
JUDGE = {"return_type": "boolean"}
HUMAN = {"return_type": "boolean", "evaluator_type": "human"}


async def _labelled(assistant: Assistant, *, favour: float, labels: int = 60) -> str:
    """Two runs of 400 logs that people find alike; the judge errs on a tenth, and favours the new run by so much."""
    small = await make_evaluation(assistant.client, f"Judged with {labels}", judge=JUDGE, human=HUMAN)
    chance = random.Random(6)
    for label, more in (("old", 0.0), ("new", favour)):
        rows: list[tuple[str, dict[str, Any]]] = []
        for number in range(400):
            good = chance.random() < 0.6
            said = chance.random() < (0.9 if good else 0.1 + more)
            judged: dict[str, Any] = {"small/judge": said}
            rows.append((f"q{number}", judged | ({"small/human": good} if number < labels else {})))
        await small.run(label, rows)
    return small.id


async def test_a_judge_that_favours_a_run_is_found_by_labels(own_assistant: Assistant) -> None:
    """By the judge alone the new run is better. By people's labels nobody can tell, and the line says what to label."""
    evaluation = await _labelled(own_assistant, favour=0.5)
    answer = await own_assistant.ask("compare_runs", evaluation=evaluation)
    line, second = answer.splitlines()[:2]
    assert line.startswith("Verdict: cannot tell yet about new: it may lose more than the margin by judge (up to ")
    assert re.search(r"\. Label (about [\d,]+|more) logs of each run by human: get_logs\(sample=true\)\.$", line)
    assert second.startswith("judge: against 120 labels of human the difference is ")
    assert "It says true of new " in second
    alone = await own_assistant.ask("compare_runs", evaluation=evaluation, evaluators=["judge"])
    assert alone.splitlines()[0] == line
    for budget in (300, 600, 1_000):
        small = await own_assistant.ask("compare_runs", evaluation=evaluation, max_tokens=budget)
        assert small.splitlines()[0] == line
        assert small.endswith(")"), small
        assert estimate(small) <= budget


async def test_a_judge_that_errs_alike_is_corrected(own_assistant: Assistant) -> None:
    """Few labels are no criterion of their own; they tell how much of a difference the judge's errors hide."""
    evaluation = await _labelled(own_assistant, favour=0.0)
    answer = await own_assistant.ask("compare_runs", evaluation=evaluation, margin="15 points")
    assert re.match(
        r"Verdict: ship new: no loss beyond the margin by judge \([+-][\d.]+ points?, corrected [+-][\d.]+ points?",
        answer,
    )
    told = r"^judge: against 120 labels of human the difference is \S+ points? \(\S+ to \S+\), if it errs alike on both"
    assert re.search(told, answer, re.MULTILINE)
    few = await _labelled(own_assistant, favour=0.0, labels=9)
    assert "labels of human" not in await own_assistant.ask("compare_runs", evaluation=few, evaluators=["judge"])


async def test_labels_that_tell_nothing_of_the_judge_leave_it_open(own_assistant: Assistant) -> None:
    """People's labels of one run are as often true where the judge says true as where it says false."""
    small = await make_evaluation(own_assistant.client, "Deaf", judge=JUDGE, human=HUMAN)
    for label in ("old", "new"):
        rows = [
            (
                f"q{n}",
                {"small/judge": (n // 2) % 2 == 0 or (label == "new" and n > 60)}
                | ({"small/human": n % 2 == 0} if n < 24 and label == "old" else {}),
            )
            for n in range(100)
        ]
        await small.run(label, rows)
    line = (await own_assistant.ask("compare_runs", evaluation=small.id)).splitlines()[0]
    assert line == (
        "Verdict: cannot tell yet about new: labels of human do not tell the errors of judge. "
        "Label more logs of each run by human: get_logs(sample=true)."
    )


async def test_a_group_that_loses_is_in_the_line(own_assistant: Assistant) -> None:
    """Overall the loss is within a wide margin, but not in one category: not to be shipped, and the line says where."""
    await load_document(own_assistant.client, stream(sliced_document()))
    asked = {"evaluation": EVALUATION, "evaluators": ["helpful"], "baseline": "old", "candidates": ["new"]}
    answer = await own_assistant.ask("compare_runs", **asked, margin="40 points")
    assert re.match(
        r"Verdict: do not ship new: worse by helpful in category=law: -7\d\S* points \(n=30, p\S+\)\.\n", answer
    )
    overall = (await own_assistant.ask("compare_runs", **asked)).splitlines()[0]
    assert overall.startswith("Verdict: do not ship new: worse by helpful (-")
    assert "; worse by helpful in category=law: -7" in overall
