import re
from typing import Any

import pytest
from tests.assistant import Assistant, datapoint_ids, log_ids, next_cursor
from tests.sample_tables import Sample, read_tables
from tests.small_evaluations import make_evaluation

from evals_mcp.models.log_requests import EvaluatorLogRequest
from evals_mcp.models.references import VersionReference
from evals_mcp.models.runs import CreateRunRequest

pytestmark = pytest.mark.anyio
NAME = "Which prompt answers tickets"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The assistant stays open for all tests here, so the loop does."""
    return "asyncio"


@pytest.fixture(scope="module")
def sample() -> Sample:
    """What is known of the sample."""
    return read_tables()


def _said(sample: Sample, evaluator: str) -> list[list[Any]]:
    """What an evaluator said of each datapoint in each run; None where it said nothing."""
    table: list[list[Any]] = [[None] * len(sample.runs) for _ in sample.datapoints]
    for place, run in enumerate(sample.runs):
        for log in run.logs:
            judgment = log.judgments.get(f"support/{evaluator}")
            table[log.datapoint][place] = judgment and judgment.judgment
    return table


async def _ask(assistant: Assistant, **arguments: Any) -> str:
    return await assistant.ask("list_datapoints", evaluation=NAME, **arguments)


async def test_datapoints_stand_in_the_order_of_the_dataset(assistant: Assistant, sample: Sample) -> None:
    """A line each with input, target, and a cell for each run."""
    answer = await _ask(assistant, limit=3)
    lines = answer.splitlines()
    assert lines[1] == "Shown: tone friendly, contains_greeting true."
    assert lines[2] == "Cells: policy_correct/helpfulness (= as to the left)."
    runs = "v1-baseline | v2-concise | v3-policy-quotes"
    assert lines[3] == f"datapoint | input (question, locale) | target (facts) | {runs}"
    assert lines[4] == ' same input: plan: "free"'
    for line, point in zip(lines[5:8], sample.datapoints, strict=False):
        assert point.inputs["question"][:40] in line
    assert lines[-1].startswith("Datapoints 1–3 of 40. More: list_datapoints(")


@pytest.mark.parametrize("asked", [{}, {"show": "disagreement"}, {"where": ["text~station"]}], ids=repr)
async def test_walking_the_pages_shows_every_datapoint_once(assistant: Assistant, asked: dict[str, Any]) -> None:
    """In small steps as in one."""
    answers = await assistant.all_pages("list_datapoints", evaluation=NAME, limit=7, max_tokens=900, **asked)
    shown = [id for answer in answers for id in datapoint_ids(answer)]
    assert len(shown) == len(set(shown))
    assert shown == datapoint_ids(await _ask(assistant, limit=100, max_tokens=20_000, **asked))


async def test_disagreements_of_an_evaluator_are_found(assistant: Assistant, sample: Sample) -> None:
    """Where it judged runs differently, and where a log that it passes fails by another evaluator, or the reverse."""
    answer = await _ask(assistant, show="disagreement", evaluator="policy_correct", limit=100, max_tokens=20_000)
    correct = [{value for value in row if value is not None} for row in _said(sample, "policy_correct")]
    expected = {at for at, values in enumerate(correct) if len(values) > 1} | _contradicted(sample, "policy_correct")
    words = f"{len(expected)} datapoints on which policy_correct disagrees between runs or with helpfulness, tone."
    assert f"\n{words}\n" in answer
    assert len(datapoint_ids(answer)) == len(expected)


async def test_numbers_disagree_when_half_of_their_range_apart(assistant: Assistant, sample: Sample) -> None:
    """A rating of 5 and one of 4 are no disagreement."""
    answer = await _ask(assistant, show="disagreement", evaluator="helpfulness")
    rated = [[value for value in row if value is not None] for row in _said(sample, "helpfulness")]
    far = {at for at, ratings in enumerate(rated) if max(ratings) - min(ratings) >= 2}
    assert f"\n{len(far | _contradicted(sample, 'helpfulness'))} datapoint" in answer


def _contradicted(sample: Sample, evaluator: str) -> set[int]:
    """Datapoints with a log that passes by this evaluator and fails by another, or the reverse."""
    fails = {"policy_correct": (False,), "helpfulness": (1, 2), "tone": ("curt",)}
    found = set()
    for log in (log for run in sample.runs for log in run.logs):
        judged = {name: judged.judgment for name in fails if (judged := log.judgments.get(f"support/{name}"))}
        failed = {name: value in fails[name] for name, value in judged.items() if value is not None}
        if evaluator in failed and len(set(failed.values())) > 1:
            found.add(log.datapoint)
    return found


async def test_datapoints_that_every_run_fails_are_found(assistant: Assistant, sample: Sample) -> None:
    """All judged runs said false; an error fails too. The constant evaluator is left out, and that is said."""
    expected = [row for row in _said(sample, "policy_correct") if not any(row)]
    answer = await _ask(assistant, show="all_fail", evaluator="policy_correct")
    assert f"\n{len(expected)} datapoints that every run fails by policy_correct.\n" in answer
    answer = await _ask(assistant, show="all_fail")
    assert "that every run fails by the same evaluator." in answer
    assert "Excluded as constant: contains_greeting" in answer


@pytest.mark.parametrize(
    ("show", "evaluator", "cell"),
    [("failed", "helpfulness", "failed"), ("abstained", "helpfulness", "abstained"), ("missing", "tone", "error -")],
)
async def test_the_three_kinds_of_missing_are_kept_apart(
    assistant: Assistant, show: str, evaluator: str, cell: str
) -> None:
    """Each finds its one datapoint, where the cell says it."""
    for asked in ({}, {"evaluator": evaluator}):
        answer = await _ask(assistant, show=show, **asked)
        assert len(datapoint_ids(answer)) == 1
    assert re.search(rf"^dp_.*\| {cell}\b", answer, re.M) or f"| {cell} |" in answer


async def test_a_text_is_found_in_inputs_and_targets(assistant: Assistant, sample: Sample) -> None:
    """In any case and not in the names of inputs; the matching part stands in a column of its own."""
    answer = await _ask(assistant, where=["text~WARRANTY"], limit=100, max_tokens=20_000)
    texts = [" ".join([*point.inputs.values(), *(point.target or {}).values()]) for point in sample.datapoints]
    assert len(datapoint_ids(answer)) == sum("warranty" in text.lower() for text in texts)
    matches = [line.split(" | ")[1] for line in answer.splitlines() if line.startswith("dp_")]
    assert all("warranty" in match.lower() for match in matches)
    assert "No datapoints containing" in await _ask(assistant, where=["text~locale"])


async def test_nothing_found_is_said_with_what_was_asked(assistant: Assistant) -> None:
    """Zero is an answer."""
    assert 'No datapoints on which tone abstained containing "x y z" in inputs or targets.' in await _ask(
        assistant, show="abstained", evaluator="tone", where=["text~x y z"]
    )


async def test_a_run_that_a_condition_names_is_all_that_is_shown(assistant: Assistant) -> None:
    """The note on other runs is about those that nobody chose."""
    asked = {"evaluation": NAME, "where": ["run=v2-concise", "policy_correct=false"], "limit": 1}
    answer = await assistant.ask("list_datapoints", **asked)
    assert "| v2-concise\n" in answer
    assert "Use runs= for others" not in answer


async def test_an_evaluator_that_is_named_has_the_cells_for_itself(assistant: Assistant) -> None:
    """Less to read when one is asked about."""
    answer = await _ask(assistant, evaluator="tone", limit=2)
    assert "Cells: tone." in answer
    assert re.search(r"^dp_.* \| (friendly|neutral|curt) \| (friendly|neutral|curt) \| \w+$", answer, re.M)


@pytest.mark.parametrize(
    "other", [{"show": "failed"}, {"where": ["text~x"]}, {"runs": ["v1"]}, {"evaluator": "tone"}], ids=repr
)
async def test_a_cursor_of_another_question_is_refused(assistant: Assistant, other: dict[str, Any]) -> None:
    """It would show the wrong datapoints without a word."""
    cursor = next_cursor(await _ask(assistant, limit=1))
    assert "cursor: " in await assistant.refuse("list_datapoints", evaluation=NAME, cursor=cursor, **other)


async def test_a_new_judgment_is_seen_at_once(own_assistant: Assistant) -> None:
    """What the server remembers of its choices does not outlive a change."""
    asked = {"show": "abstained", "evaluator": "tone"}
    assert "No datapoints on which tone abstained." in await _ask(own_assistant, **asked)
    short = log_ids(await own_assistant.ask("get_logs", evaluation=NAME, limit=1))[0]
    (log,) = await own_assistant.client.reviews.find_log_ids(short)
    await own_assistant.client.evaluators.log(EvaluatorLogRequest(path="support/tone", parent_id=log, judgment=None))
    assert "1 datapoint on which tone abstained." in await _ask(own_assistant, **asked)


async def test_runs_without_a_dataset_have_no_datapoints_to_list(own_assistant: Assistant) -> None:
    """The answer says where the logs are to be seen."""
    resolved = await own_assistant.client.reviews.get_evaluation(NAME)
    version = VersionReference(version_id=resolved.runs[0].version_id)
    run = await own_assistant.client.runs.create(resolved.id, CreateRunRequest(version=version, orchestrated=False))
    refused = await own_assistant.refuse("list_datapoints", evaluation=NAME, runs=[run.id])
    assert "no dataset" in refused
    assert "Use get_logs" in refused


async def test_the_runs_that_conditions_name_are_shown(own_assistant: Assistant) -> None:
    """Of more than three runs: what passes in one and fails in another has their cells, not those of the newest."""
    small = await make_evaluation(own_assistant.client, "Five", good={"return_type": "boolean"})
    for number in range(5):
        await small.run(f"v{number}", [(f"q{item}", {"small/good": item > number}) for item in range(8)])
    asked = await own_assistant.ask("list_datapoints", evaluation=small.id, where=["passes=v1", "fails=v2"])
    assert "datapoint | input (question) | v1 | v2\n" in asked.replace(" | target", "")
    assert "Showing the runs that the conditions name. Use runs= for others." in asked
    every = await own_assistant.ask("list_datapoints", evaluation=small.id, where=["passes_count=1"])
    assert "Showing the control (or oldest) run and the two newest." in every


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("passes_count=0", "2 datapoints that exactly 0 of 2 runs pass by good (unjudged ones left out)."),
        ("passes_count<1", "2 datapoints that fewer than 1 of 2 runs pass by good (unjudged ones left out)."),
        ("passes_count!=1", "2 datapoints that not 1 of 2 runs pass by good (unjudged ones left out)."),
        ("passes_count!=0|1", "No datapoints that not 0 or 1 of 2 runs pass by good."),
        ("passes_count>0", "1 datapoint that more than 0 of 2 runs pass by good."),
        ("passes_count=1|0", "3 datapoints that exactly 1 or 0 of 2 runs pass by good (unjudged ones left out)."),
    ],
)
async def test_datapoints_that_no_run_judged_are_said_to_be_left_out(
    own_assistant: Assistant, condition: str, words: str
) -> None:
    """No run passes them, yet none fails them; an error fails. Where a pass is asked for, nothing is said."""
    small = await make_evaluation(own_assistant.client, "Unjudged", good={"return_type": "boolean"})
    said = [("fails", {"small/good": False}), ("unjudged", {}), ("passes", {"small/good": True}), ("error", {})]
    await small.run("v1", said, questions=[*(question for question, _ in said), "never"], errors={"error": "boom"})
    await small.run("v2", [("fails", {}), ("passes", {})])
    answer = await own_assistant.ask("list_datapoints", evaluation=small.id, where=[condition])
    assert f"{words}\n" in f"{answer}\n"


async def test_passing_is_by_all_evaluators_and_failing_by_any(own_assistant: Assistant) -> None:
    """The words of the answer say it, because one failing evaluator is enough."""
    both = {name: {"return_type": "boolean"} for name in ("good", "short")}
    small = await make_evaluation(own_assistant.client, "Two judges", **both)
    await small.run("v1", [("q1", {"small/good": True, "small/short": True})])
    await small.run("v2", [("q1", {"small/good": True, "small/short": False})])
    where = ["passes=v1", "fails=v2", "passes_count=1"]
    answer = await own_assistant.ask("list_datapoints", evaluation=small.id, where=where)
    assert "1 datapoint that v1 passes by all of good, short" in answer
    assert "that v2 fails by any of good, short" in answer
    assert "that exactly 1 of 2 runs pass by all of good, short" in answer
