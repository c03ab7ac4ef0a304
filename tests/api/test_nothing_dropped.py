"""What a request gives is stored and returned, or refused with what to do instead."""

from typing import Any

import pytest
from tests.api.v5_calls import V5, Json, evaluated

pytestmark = pytest.mark.anyio


async def test_a_datapoint_keeps_its_metadata_and_tags(v5: V5) -> None:
    """In every response, also as the datapoint of a log; they are part of what tells datapoints apart."""
    plain: Json = {"inputs": {"q": "1"}}
    labelled = {**plain, "metadata": {"source": ["a", None]}, "tags": ["hard"]}
    body = {"path": "data/questions", "datapoints": [labelled, plain]}
    dataset = await v5.ok("POST", "/datasets", body, include_datapoints=True)
    assert [(item["metadata"], item["tags"]) for item in dataset["datapoints"]] == [
        (labelled["metadata"], ["hard"]),
        (None, None),
    ]
    listed = await v5.ok("GET", f"/datasets/{dataset['id']}/datapoints")
    assert listed["records"] == dataset["datapoints"]
    await v5.prompt()
    evaluation = await v5.evaluation()
    run = await v5.run(evaluation)
    await v5.log(run, dataset["datapoints"][0])
    (log,) = (await v5.ok("GET", f"/evaluations/{evaluation['id']}/logs"))["records"]
    assert log["datapoint"] == dataset["datapoints"][0]


async def test_a_datapoint_has_no_id_of_its_own(v5: V5) -> None:
    """The id follows from the content. Datapoints that were read can be written again, ids and all."""
    own = {"path": "data/own", "datapoints": [{"id": "case 17", "inputs": {}}]}
    assert "gets its id from its content" in await v5.refused(422, "POST", "/datasets", own)
    dataset = await v5.dataset(2)
    again = {"path": "data/questions", "datapoints": dataset["datapoints"]}
    copied = await v5.ok("POST", "/datasets", again, include_datapoints=True)
    assert (copied["version_id"], copied["datapoints"]) == (dataset["version_id"], dataset["datapoints"])


async def test_datapoints_that_repeat_are_reported(v5: V5) -> None:
    """By their positions in the request, as they are one datapoint."""
    points = [{"inputs": {"q": q}} for q in ("a", "b", "a", "a", "c")]
    made = await v5.ok("POST", "/datasets", {"path": "data/d", "datapoints": points})
    assert (made["datapoints_count"], made["repeated_datapoints"]) == (3, [2, 3])
    more = {"path": "data/d", "action": "add", "datapoints": [{"inputs": {"q": "a"}}]}
    assert (await v5.ok("POST", "/datasets", more))["repeated_datapoints"] == []
    assert (await v5.ok("GET", f"/datasets/{made['id']}"))["repeated_datapoints"] is None


async def test_a_judgment_keeps_the_tokens_and_costs_of_its_judge(v5: V5) -> None:
    """Where the judgment is shown; they are not those of the judged log."""
    made = await evaluated(v5, 1)
    log = await v5.log(made.run, made.dataset["datapoints"][0])
    use: Json = {"prompt_tokens": 9, "reasoning_tokens": 2, "output_tokens": 3, "prompt_cost": 0.5, "output_cost": 0.25}
    await v5.judge(log, 1, **use)
    read = await v5.ok("GET", f"/logs/{log}")
    (judgment,) = read["evaluator_logs"]
    assert {name: judgment[name] for name in use} == use
    assert read["prompt_tokens"] is None


async def test_an_explanation_is_the_output_of_a_judgment(v5: V5) -> None:
    """Given under its own name it is kept; two different ones are refused."""
    made = await evaluated(v5, 1)
    log = await v5.log(made.run, made.dataset["datapoints"][0])
    await v5.judge(log, 1, explanation="Because.")
    (judgment,) = (await v5.ok("GET", f"/logs/{log}"))["evaluator_logs"]
    assert judgment["output"] == "Because."
    body = {"path": "judges/score", "parent_id": log, "judgment": 1, "explanation": "a", "output": "b"}
    assert "not both" in await v5.refused(422, "POST", "/evaluators/log", body)


@pytest.mark.parametrize(
    ("limits", "allowed", "refused", "words"),
    [
        ({"min": 1, "max": 5}, [1, 5, 2.5], [0.99, 6, -1], "at least 1 and at most 5"),
        ({"min": 0}, [0, 1e9], [-0.1], "at least 0"),
        ({"max": 0.5}, [-7, 0.5], [1], "at most 0.5"),
        ({"min": 1, "max": 5, "step": 1}, [1, 5, 3.0], [3.5, 1.01], "from 1 in steps of 1"),
        ({"step": 0.1}, [0.3, -0.7, 1e6 + 0.1], [0.25], "from 0 in steps of 0.1"),
    ],
)
async def test_numbers_outside_of_the_limits_are_refused(
    v5: V5, limits: Json, allowed: list[float], refused: list[float], words: str
) -> None:
    """Like unknown options; nothing is stored."""
    await v5.prompt()
    await v5.evaluator("judges/limited", number_limits=limits)
    log = await v5.log()
    for number in allowed:
        await v5.judge(log, number, "judges/limited")
    for number in refused:
        body = {"path": "judges/limited", "parent_id": log, "judgment": number}
        assert words in await v5.refused(422, "POST", "/evaluators/log", body)
    assert len((await v5.ok("GET", f"/logs/{log}"))["evaluator_logs"]) == len(allowed)


@pytest.mark.parametrize("judgment", [[1, 2], [0.5], [True], ["a", 1], {"score": 1}, [["a"]]])
async def test_what_is_no_judgment_is_refused_in_one_sentence(v5: V5, judgment: Any) -> None:
    """It says what a judgment can be and what to do."""
    await v5.prompt()
    await v5.evaluator()
    body = {"path": "judges/score", "parent_id": await v5.log(), "judgment": judgment}
    response = await v5.send("POST", "/evaluators/log", body)
    (detail,) = response.json()["detail"]
    assert (response.status_code, "an evaluator of its own" in detail["msg"]) == (422, True)


async def test_the_older_form_of_an_evaluation_is_refused(v5: V5) -> None:
    """It would create runs, too; the answer says what to send."""
    await v5.prompt()
    await v5.dataset()
    body = {"evaluators": [], "dataset": {"path": "data/questions"}, "file": {"path": "bots/support"}}
    for old in (body, body | {"evaluatees": [{"path": "bots/support"}]}):
        assert "/runs" in await v5.refused(400, "POST", "/evaluations", old)


async def test_judgments_that_are_no_options_are_refused(v5: V5) -> None:
    """A number evaluator with options has no other numbers, and no option is selected twice."""
    await v5.prompt()
    await v5.evaluator("judges/numbers", options=[{"name": "1"}, {"name": "2"}])
    await v5.evaluator("judges/several", "multi_select", options=[{"name": "a"}, {"name": "b"}])
    log = await v5.log()
    await v5.judge(log, 2, "judges/numbers")
    await v5.judge(log, ["b", "a"], "judges/several")
    for path, judgment, words in (
        ("judges/numbers", 1.5, "numbers are 1, 2."),
        ("judges/numbers", 7, "numbers are 1, 2."),
        ("judges/several", ["a", "b", "a"], "`a` is given twice. Give each option once."),
    ):
        body = {"path": path, "parent_id": log, "judgment": judgment}
        assert words in await v5.refused(422, "POST", "/evaluators/log", body)


async def test_what_a_datapoint_or_log_would_lose_is_refused(v5: V5) -> None:
    """An unknown key of a datapoint, and negative tokens, costs and latencies."""
    point = {"inputs": {"q": "1"}, "weight": 2}
    refusal = await v5.refused(422, "POST", "/datasets", {"path": "data/questions", "datapoints": [point]})
    assert "a datapoint has no `weight`. Put fields of your own into `metadata`" in refusal
    await v5.prompt()
    tokens = ("prompt_tokens", "output_tokens", "reasoning_tokens")
    for field in (*tokens, "prompt_cost", "output_cost", "provider_latency"):
        await v5.refused(422, "POST", "/prompts/log", {"path": "bots/support", field: -1})
        await v5.ok("POST", "/prompts/log", {"path": "bots/support", field: 0})
