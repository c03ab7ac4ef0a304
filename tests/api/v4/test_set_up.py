"""What a v4 program sets up before it evaluates: projects, configs, datasets, evaluators; and logs and feedback."""

from typing import Any

import httpx
import pytest
from tests.api.v4.conftest import Make

pytestmark = pytest.mark.anyio


async def test_a_project_begins_empty_and_gets_configs(api: httpx.AsyncClient, make: Make) -> None:
    """It is a prompt at its name; the first config is the active one, and the same config is registered once."""
    project = await make("POST", "/v4/projects", {"name": "bots/one"})
    assert (project["name"], project["data_count"], project["config_type"]) == ("bots/one", 0, "model")
    assert "active_config" not in project
    assert (await api.post("/v4/projects", json={"name": "bots/one"})).status_code == 409
    assert (await api.get(f"/v4/projects/{project['id']}/active-config")).status_code == 404
    log = {"project": "bots/one", "output": "x"}
    refused = await api.post("/v4/logs", json=log)
    assert (refused.status_code, "has no config" in refused.json()["detail"]) == (409, True)
    config = {"model": "gpt-4", "temperature": 0.5, "chat_template": [{"role": "system", "content": "Hi"}]}
    config |= {"tools": [{"name": "find", "parameters": {"type": "object"}}]}
    first = await make("POST", "/v4/model-configs", {"project": "bots/one", **config, "name": "v1"})
    again = await make("POST", "/v4/model-configs", {"project_id": project["id"], **config})
    assert (first["project_id"], first["project_name"], again["config"]["id"]) == (
        project["id"],
        "bots/one",
        first["config"]["id"],
    )
    other = await make("POST", "/v4/model-configs", {"project": "bots/one", "model": "gpt-3"})
    read = await make("GET", f"/v4/model-configs/{first['config']['id']}")
    assert (read["model"], read["temperature"], read["name"], read["max_tokens"]) == ("gpt-4", 0.5, "v1", -1)
    assert (read["chat_template"][0]["content"], read["tool_configs"][0]["name"]) == ("Hi", "find")
    shown = await make("GET", "/v4/projects/bots/one")
    assert shown["active_config"]["config"]["id"] == first["config"]["id"]
    configs = await make("GET", "/v4/projects/bots/one/configs")
    assert [item["config"]["id"] for item in configs] == [other["config"]["id"], first["config"]["id"]]
    listed = await make("GET", "/v4/projects", filter="ONE")
    assert ([item["id"] for item in listed["records"]], listed["total"]) == ([project["id"]], 1)
    version = await make("GET", f"/v5/prompts/{project['id']}")
    assert (version["template"][0]["content"], version["tools"][0]["name"]) == ("Hi", "find")


async def test_a_dataset_grows(api: httpx.AsyncClient, make: Make) -> None:
    """By one datapoint, by several, and by logs; an evaluation covers all that is in it."""
    config = await make("POST", "/v4/model-configs", {"project": "bot", "model": "m"})
    project = config["project_id"]
    named = {"name": "set", "description": "d"}
    dataset = await make("POST", f"/v4/projects/{project}/datasets", named)
    second = await make("POST", f"/v4/projects/{project}/datasets", named)
    assert (dataset["project_id"], dataset["datapoint_count"], dataset["description"]) == (project, 0, "d")
    assert (dataset["name"], second["name"]) == ("set", "set (2)")
    points = f"/v4/datasets/{dataset['id']}/datapoints"
    (one,) = await make("POST", points, {"inputs": {"q": "1"}, "target": {"answer": "a"}})
    assert (one["dataset_id"], one["target"]) == (dataset["id"], {"answer": "a"})
    two = await make("POST", points, [{"inputs": {"q": "2"}}, {"inputs": {"q": "3"}}])
    log = await make("POST", "/v4/logs", {"project_id": project, "inputs": {"q": "4"}, "output": "o"})
    (of_log,) = await make("POST", points, {"log_ids": [log["id"]]})
    assert (of_log["inputs"], of_log["target"]) == ({"q": "4"}, {"output": "o"})
    listed = await make("GET", points)
    assert [item["id"] for item in listed["records"]] == [one["id"], *(item["id"] for item in two), of_log["id"]]
    assert (await make("GET", f"/v4/datasets/{dataset['id']}"))["datapoint_count"] == 4
    for path in ("/v4/datasets", f"/v4/projects/{project}/datasets"):
        assert {item["id"]: item["datapoint_count"] for item in await make("GET", path)} == {
            dataset["id"]: 4,
            second["id"]: 0,
        }
    body = {"config_id": config["config"]["id"], "dataset_id": dataset["id"], "evaluator_ids": []}
    evaluation = await make("POST", f"/v4/projects/{project}/evaluations", {**body, "hl_generated": False})
    assert (await make("GET", f"/v4/evaluations/{evaluation['id']}/datapoints"))["total"] == 4
    assert (await api.post("/v4/datasets/unknown/datapoints", json=[{"inputs": {}}])).status_code == 404


async def test_evaluators_of_each_type_are_made(api: httpx.AsyncClient, make: Make) -> None:
    """With their code or model; what a type needs is required."""
    common = {"description": "d", "arguments_type": "target_free", "return_type": "boolean"}
    for kind, content in (
        ("python", {"code": "def f(log): return True"}),
        ("llm", {"model_config": {"model": "gpt-4", "prompt_template": "Good?"}}),
        ("human", {}),
        ("external", {}),
    ):
        made = await make("POST", "/v4/evaluators", {"name": f"judges/{kind}", "type": kind, **common, **content})
        assert (made["type"], made["description"], made["return_type"]) == (kind, "d", "boolean")
        assert await make("GET", f"/v4/evaluators/{made['id']}") == made
        if kind == "llm":
            assert made["model_config"]["prompt_template"] == "Good?"
    assert len(await make("GET", "/v4/evaluators")) == 4
    for body in ({"type": "python"}, {"type": "odd"}):
        refused = await api.post("/v4/evaluators", json={"name": "judges/bad", **common, **body})
        assert refused.status_code == 422, refused.text


async def test_logs_go_to_projects(api: httpx.AsyncClient, make: Make) -> None:
    """By config, by the config's content, or to the active config; several at once are all or none."""
    config = await make("POST", "/v4/model-configs", {"project": "bot", "model": "m"})
    one = await make("POST", "/v4/logs", {"config_id": config["config"]["id"], "output": "1", "reference_id": "r"})
    assert one["project_id"] == config["project_id"]
    new: dict[str, Any] = {"project": "tools/find", "config": {"type": "tool", "name": "find", "source_code": "x"}}
    body = [{"project": "bot", "output": "2", "session_reference_id": "s"}, {**new, "output": "3"}]
    two, three = await make("POST", "/v4/logs", body)
    assert two["session_id"].startswith("sesh_")
    read = await make("GET", f"/v4/logs/{three['id']}")
    assert (read["project"], read["config"]["type"], read["config"]["source_code"]) == ("tools/find", "tool", "x")
    changed = await make("PATCH", f"/v4/logs/{one['id']}", {"output": "new", "duration": 1.5})
    assert (changed["output"], changed["duration"], changed["reference_id"]) == ("new", 1.5, "r")
    assert (await api.post("/v4/logs", json=[body[0], {"config_id": "none"}])).status_code == 404
    assert (await api.post("/v4/logs", json={"output": "x"})).status_code == 422
    assert (await api.patch(f"/v4/logs/{one['id']}", json={"duration": -1})).status_code == 422
    for field in ("duration", "prompt_cost", "output_cost", "prompt_tokens"):
        assert (await api.post("/v4/logs", json={**body[0], field: -1})).status_code == 422
    mixed = {"project_id": three["project_id"], "config_id": config["config"]["id"]}
    assert (await api.post("/v4/logs", json=mixed)).status_code == 422
    listed = await make("GET", "/v4/logs", project_id="bot")
    assert ([item["id"] for item in listed["records"]], listed["total"]) == ([two["id"], one["id"]], 2)
    session = await make("POST", "/v4/sessions", {})
    assert session["id"].startswith("sesh_")


async def test_feedback_is_given_and_taken_back(api: httpx.AsyncClient, make: Make) -> None:
    """It stays with the log; one of several that is wrong refuses all."""
    await make("POST", "/v4/model-configs", {"project": "bot", "model": "m"})
    log = await make("POST", "/v4/logs", {"project": "bot", "feedback": {"type": "rating", "value": "good"}})
    item = {"data_id": log["id"], "type": "comment", "value": "Nice", "user": "anna"}
    given = await make("POST", "/v4/feedback", item)
    assert {**given, "id": ""} == {**item, "id": ""}
    assert (await api.post("/v4/feedback", json=[item, {**item, "data_id": "none"}])).status_code == 404
    assert (await api.post("/v4/feedback", json={"type": "rating", "value": "good"})).status_code == 422

    async def values() -> list[str]:
        read = await make("GET", f"/v4/logs/{log['id']}")
        return [found["value"] for found in read.get("feedback", [])]

    assert await values() == ["good", "Nice"]
    await make("POST", "/v4/feedback", [{"data_id": log["id"], "type": "rating", "value": "good", "unset": True}])
    assert await values() == ["Nice"]


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("POST", "/chat-deployed", "calls no model"),
        ("POST", "/completion", "calls no model"),
        ("GET", "/projects/x/deployed-configs", "Use v5"),
        ("DELETE", "/logs", "Use v5"),
        ("POST", "/model-configs/deserialize", "Use v5"),
    ],
)
async def test_what_is_left_out_says_so(api: httpx.AsyncClient, method: str, path: str, words: str) -> None:
    """With a sentence about what to do instead."""
    response = await api.request(method, f"/v4{path}", json=None if method in ("GET", "DELETE") else {})
    assert (response.status_code, words in response.json()["detail"]) == (400, True)
