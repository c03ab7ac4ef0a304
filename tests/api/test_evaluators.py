"""Evaluators: specifications, judgments, and monitoring of files."""

from typing import Any

import pytest
from tests.api.v5_calls import V5, Json

pytestmark = pytest.mark.anyio

_COMMON = {"arguments_type": "target_required", "return_type": "boolean"}


@pytest.mark.parametrize(
    "spec",
    [
        {**_COMMON, "evaluator_type": "llm", "prompt": {"model": "m", "template": "{{log.output}}"}},
        {**_COMMON, "evaluator_type": "python", "code": "def f(log, testcase):\n    return True\n"},
        {**_COMMON, "evaluator_type": "human", "instructions": "Look."},
        {**_COMMON, "evaluator_type": "external", "attributes": {"code": "x"}},
        {
            **_COMMON,
            "return_type": "select",
            "evaluator_type": "external",
            "options": [{"name": "good", "valence": "positive"}],
        },
        {**_COMMON, "return_type": "number", "evaluator_type": "external", "number_limits": {"min": 0, "max": 1}},
    ],
)
async def test_every_kind_of_specification_is_kept(v5: V5, spec: Json) -> None:
    """It comes back with its kind and with what was said."""
    made = await v5.ok("POST", "/evaluators", {"path": "e", "spec": spec})
    shown = made["spec"]
    assert {key: value for key, value in shown.items() if key in spec and key not in ("prompt", "number_limits")} == {
        key: value for key, value in spec.items() if key not in ("prompt", "number_limits")
    }
    if "prompt" in spec:
        assert shown["prompt"]["model"] == "m"
        assert made["inputs"] == [{"name": "log.output"}]


@pytest.mark.parametrize(
    "spec",
    [
        None,
        {},
        {"arguments_type": "target_free"},
        {**_COMMON, "evaluator_type": "ghost"},
        {**_COMMON, "evaluator_type": "python"},
        {**_COMMON, "return_type": "colour", "evaluator_type": "external"},
    ],
)
async def test_bad_specifications_are_refused(v5: V5, spec: Json | None) -> None:
    """Missing keys and unknown enums."""
    await v5.refused(422, "POST", "/evaluators", {"path": "e", "spec": spec})


@pytest.mark.parametrize(
    ("return_type", "good", "bad"),
    [
        ("boolean", [True, False, None], [1, 0, "true", ["a"], {}]),
        ("number", [1, -2.5, 0, 10**15, None], [True, "1", ["a"]]),
        ("select", ["good", None], ["other", True, 1, ["good"]]),
        ("multi_select", [["good"], [], ["good", "bad"], None], ["good", ["other"], [1]]),
        ("text", ["anything", "", None], [1, True, ["a"]]),
    ],
)
async def test_a_judgment_fits_its_evaluator(v5: V5, return_type: str, good: list[Any], bad: list[Any]) -> None:
    """Of its type and among its options; what does not fit is 422 and leaves nothing."""
    await v5.prompt()
    options = [{"name": "good"}, {"name": "bad"}] if "select" in return_type else None
    await v5.evaluator("e", return_type, options=options)
    log_id = await v5.log()
    for judgment in good:
        made = await v5.judge(log_id, judgment, "e")
        shown = await v5.ok("GET", f"/logs/{made}")
        assert (shown["judgment"], type(shown["judgment"])) == (judgment, type(judgment))
    for judgment in bad:
        await v5.refused(422, "POST", "/evaluators/log", {"path": "e", "parent_id": log_id, "judgment": judgment})
    assert len((await v5.ok("GET", f"/logs/{log_id}"))["evaluator_logs"]) == len(good)


async def test_an_error_is_no_judgment(v5: V5) -> None:
    """The SDK sends it without a version; whatever judgment stands beside it does not matter."""
    await v5.prompt()
    evaluator = await v5.evaluator()
    log_id = await v5.log()
    made = await v5.ok("POST", "/evaluators/log", {"id": evaluator["id"], "parent_id": log_id, "error": "broken"})
    assert made["parent_id"] == log_id
    assert made["version_id"] == evaluator["version_id"]
    shown = await v5.ok("GET", f"/logs/{made['id']}")
    assert (shown["error"], shown["judgment"]) == ("broken", None)


async def test_a_judgment_may_carry_its_specification(v5: V5) -> None:
    """Then that version is upserted."""
    await v5.prompt()
    spec = {**_COMMON, "evaluator_type": "external"}
    body = {"path": "new", "parent_id": await v5.log(), "judgment": True, "spec": spec}
    made = await v5.ok("POST", "/evaluators/log", body)
    again = await v5.ok("POST", "/evaluators", {"path": "new", "spec": spec})
    assert again["version_id"] == made["version_id"]


async def test_bad_judgments_are_refused(v5: V5) -> None:
    """Unknown logs and evaluators, judgments of judgments."""
    prompt = await v5.prompt()
    await v5.evaluator()
    log_id = await v5.log()
    judgment = await v5.judge(log_id, 1)
    place = "/evaluators/log"
    await v5.refused(422, "POST", place, {"path": "judges/score", "judgment": 1})
    await v5.refused(404, "POST", place, {"path": "judges/score", "parent_id": "nothing", "judgment": 1})
    await v5.refused(404, "POST", place, {"path": "nothing", "parent_id": log_id, "judgment": 1})
    await v5.refused(404, "POST", place, {"id": prompt["id"], "parent_id": log_id, "judgment": 1})
    await v5.refused(404, "POST", place, {"parent_id": log_id}, version_id=prompt["version_id"])
    await v5.refused(400, "POST", place, {"path": "judges/score", "parent_id": judgment, "judgment": 1})


@pytest.mark.parametrize("kind", ["prompt", "flow", "tool", "agent", "evaluator"])
async def test_monitoring_evaluators_are_kept_and_shown(v5: V5, kind: str) -> None:
    """By version, or by what an environment has now; deactivated ones stay, as inactive."""
    spec = {**_COMMON, "evaluator_type": "external"}
    file = await v5.ok("POST", f"/{kind}s", {"path": "it", "model": "m", "attributes": {}, "spec": spec})
    evaluator = await v5.evaluator()
    production = (await v5.ok("GET", f"/evaluators/{evaluator['id']}/environments"))[0]
    by_version = {"evaluator_version_id": evaluator["version_id"]}
    by_environment = {"evaluator_id": evaluator["id"], "environment_id": production["id"]}
    place = f"/{kind}s/{file['id']}/evaluators"
    active = await v5.ok("POST", place, {"activate": [by_version, by_environment]})
    assert [item["state"] for item in active["evaluators"]] == ["active", "active"]
    references = [item["version_reference"] for item in active["evaluators"]]
    assert references[0]["type"] == "version"
    assert references[0]["version"]["version_id"] == evaluator["version_id"]
    assert (references[1]["type"], references[1]["environment"]["name"]) == ("environment", "production")
    newer = await v5.evaluator(attributes={"n": 2})
    await v5.ok(
        "POST",
        f"/evaluators/{evaluator['id']}/environments/{production['id']}",
        version_id=newer["version_id"],
    )
    shown = (await v5.ok("GET", f"/{kind}s/{file['id']}"))["evaluators"]
    assert [item["version"]["version_id"] for item in shown] == [evaluator["version_id"], newer["version_id"]]
    after = await v5.ok("POST", place, {"deactivate": [by_version], "activate": None})
    assert [item["state"] for item in after["evaluators"]] == ["inactive", "active"]
    assert after["evaluators"][0]["created_at"] == active["evaluators"][0]["created_at"]
    assert (await v5.ok("POST", f"/{kind}s/{file['id']}/evaluators", {}))["evaluators"] == after["evaluators"]


async def test_bad_monitoring_is_refused(v5: V5) -> None:
    """Contradictions, unknown evaluators and environments, deactivating what is not there."""
    prompt, evaluator = await v5.prompt(), await v5.evaluator()
    place = f"/prompts/{prompt['id']}/evaluators"
    by_version = {"evaluator_version_id": evaluator["version_id"]}
    await v5.refused(400, "POST", place, {"activate": [{}]})
    await v5.refused(400, "POST", place, {"activate": [{**by_version, "evaluator_id": evaluator["id"]}]})
    await v5.refused(400, "POST", place, {"activate": [{"evaluator_id": evaluator["id"]}]})
    await v5.refused(404, "POST", place, {"activate": [{"evaluator_version_id": prompt["version_id"]}]})
    unknown = {"evaluator_id": evaluator["id"], "environment_id": "env_nowhere"}
    said = await v5.refused(404, "POST", place, {"activate": [unknown]})
    assert said == "Environment `env_nowhere` does not exist."
    await v5.refused(404, "POST", place, {"activate": [by_version], "deactivate": [unknown]})
    await v5.refused(404, "POST", "/prompts/nothing/evaluators", {"activate": [by_version]})
    assert (await v5.ok("GET", f"/prompts/{prompt['id']}"))["evaluators"] == []


async def test_versions_have_the_means_of_their_judgments(v5: V5) -> None:
    """Asked for, over logs in runs and outside: newest judgments only, without abstentions, failures and options."""
    first = await v5.prompt()
    second = await v5.prompt(temperature=0.5)
    score, agreed = await v5.evaluator(), await v5.evaluator("judges/agreed", "boolean")
    await v5.evaluator("judges/tone", "select", options=[{"name": "warm"}])
    one, two, three = [await v5.log() for _ in range(3)]
    await v5.judge(one, 9)
    for log_id, judgment in ((one, 2), (two, 5), (three, None)):
        await v5.judge(log_id, judgment)
    for log_id, said in ((one, True), (two, False), (three, True)):
        await v5.judge(log_id, said, "judges/agreed")
    await v5.judge(three, None, "judges/agreed", error="too hard")
    await v5.judge(one, "warm", "judges/tone")
    path = f"/prompts/{first['id']}/versions"
    newest, oldest = (await v5.ok("GET", path, evaluator_aggregates=True))["records"]
    assert (newest["version_id"], newest["evaluator_aggregates"]) == (second["version_id"], [])
    found = {item["evaluator_id"]: item for item in oldest["evaluator_aggregates"]}
    assert {key: item["value"] for key, item in found.items()} == {score["id"]: 3.5, agreed["id"]: 0.5}
    assert found[score["id"]]["evaluator_version_id"] == score["version_id"]
    assert found[score["id"]]["created_at"] <= found[score["id"]]["updated_at"]
    assert all(item["evaluator_aggregates"] == [] for item in (await v5.ok("GET", path))["records"])
