"""Failing logs in groups, as list_runs tells them: sizes, runs, terms and examples, and when there are none."""

import re

import pytest
from tests.assistant import Assistant
from tests.planted_failures import plant_failures
from tests.small_evaluations import make_evaluation

pytestmark = pytest.mark.anyio


async def test_planted_groups_have_terms_runs_and_examples(own_assistant: Assistant) -> None:
    """In any language; by explanations and notes; a run with more of a group; ids that get_log knows."""
    small = await plant_failures(own_assistant.client)
    answer = await own_assistant.ask("list_runs", evaluation=small.id, show="failures")
    lines = answer.splitlines()
    assert lines[0].endswith("55 of 120 logs fail: good 55.")
    assert lines[1] == "By run: v1 14 of 60, v2 41 of 60."
    heads = [line for line in lines if line.startswith("Group ")]
    assert [head.split(" logs")[0] for head in heads] == ["Group 1: 26", "Group 2: 20", "Group 3: 9"]
    assert all(term in head for term, head in zip(("refund", "rude", "退款"), heads, strict=True))
    assert re.search(r"^ v2 20 of 41 \(more, p=0\.00\d+\)$", answer, re.MULTILINE)
    assert " v1 14 of 14 (more, p<0.0001), v2 12 of 41" in lines
    assert "Cannot tell failures by stars: its numbers have no range. Set number_limits in the evaluator." in answer
    ids = re.findall(r"^ (log_\w+) \| v2 \| good \| \"Rude wording", answer, re.MULTILINE)
    assert len(ids) == 3
    assert "Rude wording" in await own_assistant.ask("get_log", log=ids[0])
    pages = await own_assistant.all_pages("list_runs", evaluation=small.id, show="failures", max_tokens=700)
    assert re.findall(r"^Group (\d+):", "\n".join(pages), re.MULTILINE) == ["1", "2", "3"]


async def test_groups_of_inputs_lead_to_groups_by_a_field(own_assistant: Assistant) -> None:
    """Without explanations, inputs alone make groups; that no run has more of one is said, not how it is marked."""
    small = await make_evaluation(own_assistant.client, "Unexplained", good={"return_type": "boolean"})
    questions = [f"{word} {number}" for word in ("refund parcel", "login password") for number in range(20)]
    for name in ("v1", "v2"):
        await small.run(name, [(question, {"small/good": False}) for question in questions])
    answer = await own_assistant.ask("list_runs", evaluation=small.id, show="failures")
    assert "Group 2: 40 logs" in answer
    assert f'Rates by a field of the datapoints: list_runs(evaluation="{small.id}", group_by="…")' in answer
    assert "No run has significantly more of a group" in answer
    assert "more: a larger share" not in answer


async def test_few_failures_are_listed(own_assistant: Assistant) -> None:
    """Fewer than ten whole, also by a condition; errors count; none is said as that, and why nothing is looked at."""
    small = await make_evaluation(own_assistant.client, "Few", good={"return_type": "boolean"})
    await small.run("v1", [(f"q{n}", {"small/good": n > 2}) for n in range(20)])
    await small.run("v2", [("q1", {}), ("q2", {"small/good": True})], error="Upstream timed out.")
    answer = await own_assistant.ask("list_runs", evaluation=small.id, show="failing")
    assert "5 of 22 logs fail: good 3, error 2." in answer
    assert len(re.findall(r'^log_\w+ \| v1 \| good \| input: "q\d"$', answer, re.MULTILINE)) == 3
    assert len(re.findall(r"^log_\w+ \| v2 \| error \| \"Upstream timed out.\" \|", answer, re.MULTILINE)) == 2
    assert "Group" not in answer
    some = await own_assistant.ask("list_runs", evaluation=small.id, show="failures", where=["run=v1", "good=true"])
    assert "No log fails, of 17 logs" in some
    none = await own_assistant.ask("list_runs", evaluation=small.id, show="failures", where=["latency>99"])
    assert "No log fails, of 0 logs" in none


async def test_texts_without_groups_are_listed(own_assistant: Assistant) -> None:
    """Where nothing stands out from chance, different texts come first; texts are cut and say so."""
    small = await make_evaluation(own_assistant.client, "One", good={"return_type": "boolean"})
    said = ["The same thing again.", "x " * 300]
    judged = [(f"q{n}", {"small/good": {"judgment": False, "output": said[n == 11]}}) for n in range(12)]
    await small.run("v1", judged)
    answer = await own_assistant.ask("list_runs", evaluation=small.id, show="failures")
    assert "Their texts make no groups that stand out from chance. Listed: 12 of them" in answer
    first, second, *_ = [line for line in answer.splitlines() if line.startswith("log_")]
    assert '"The same thing again."' in first
    assert '…" (+200 characters)' in second
