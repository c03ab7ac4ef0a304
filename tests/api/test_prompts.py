"""Prompts and agents: text forms, linked tools, templates, log updates, and calls, which are refused."""

import pytest
from tests.api.v5_calls import V5, Json

pytestmark = pytest.mark.anyio

_TEXT = """---
model: gpt-4o
temperature: 0.5
provider: openai
endpoint: chat
tools: []
---

<system>
  Answer about {{topic}}.
</system>
"""


async def test_a_log_may_carry_its_prompt_as_text(v5: V5) -> None:
    """The text and the object with the same content are one version."""
    created = await v5.ok("POST", "/prompts/log", {"path": "p", "prompt": _TEXT, "output": "fine"})
    prompt = await v5.ok("GET", f"/prompts/{created['prompt_id']}")
    assert (prompt["model"], prompt["temperature"], prompt["provider"]) == ("gpt-4o", 0.5, "openai")
    assert prompt["template"][0]["content"] == "Answer about {{topic}}."
    assert prompt["inputs"] == [{"name": "topic"}]
    same = {
        "model": "gpt-4o",
        "temperature": 0.5,
        "provider": "openai",
        "endpoint": "chat",
        "tools": [],
        "template": [{"role": "system", "content": "Answer about {{topic}}."}],
    }
    assert (await v5.ok("POST", "/prompts", {"path": "p", **same}))["version_id"] == created["version_id"]


async def test_an_agent_has_a_text_form_too(v5: V5) -> None:
    """With its tools and iterations."""
    tool = {"type": "inline", "json_schema": {"name": "f", "description": "d"}, "on_agent_call": "stop"}
    agent = await v5.ok("POST", "/agents", {"path": "a", "model": "m", "tools": [tool], "max_iterations": 3})
    assert agent["status"] == "committed"
    response = await v5.send("GET", f"/agents/{agent['id']}/serialize")
    assert response.headers["content-type"].startswith("text/plain")
    kernel = await v5.ok("POST", "/agents/deserialize", {"agent": response.text})
    assert kernel == {"model": "m", "tools": [tool], "max_iterations": 3}
    logged = await v5.ok("POST", "/agents/log", {"path": "a", "agent": response.text})
    assert logged["version_id"] == agent["version_id"]


async def test_a_prompt_is_written_and_read_as_text(v5: V5) -> None:
    """Any version, as text with nothing around it."""
    first = await v5.prompt(template="Say {{it}}", temperature=0)
    second = await v5.prompt(template="Say {{it}}", temperature=1)
    response = await v5.send("GET", f"/prompts/{first['id']}/serialize", version_id=second["version_id"])
    assert response.text.startswith("---\nmodel: small\n")
    kernel = await v5.ok("POST", "/prompts/deserialize", {"prompt": response.text})
    assert kernel == {"model": "small", "template": "Say {{it}}", "temperature": 1.0}
    await v5.refused(404, "GET", "/prompts/nothing/serialize")


@pytest.mark.parametrize(
    "text",
    ["", "model: m", "---\nmodel: m", "---\n- m\n---\n", "---\nmodel: [\n---\n", "---\nmodl: m\n---\n<user>x</user>"],
)
async def test_text_that_is_no_prompt_is_refused(v5: V5, text: str) -> None:
    """In the list form of 422, and nothing is stored."""
    await v5.refused(422, "POST", "/prompts/deserialize", {"prompt": text})
    await v5.refused(422, "POST", "/prompts/log", {"path": "p", "prompt": text})
    assert (await v5.ok("GET", "/files"))["total"] == 0


async def test_linked_tools_are_shown_with_their_functions(v5: V5) -> None:
    """By the tool's id as deployed, or by a version's; an unknown one is 404."""
    function = {"name": "look_up", "description": "Find.", "parameters": {"type": "object"}}
    tool = await v5.ok("POST", "/tools", {"path": "t", "function": function})
    prompt = await v5.prompt(linked_tools=[tool["id"], tool["version_id"]])
    shown = [(item["name"], item["id"], item["version_id"]) for item in prompt["linked_tools"]]
    assert shown == [("look_up", tool["id"], tool["version_id"])] * 2
    text = (await v5.send("GET", f"/prompts/{prompt['id']}/serialize")).text
    assert tool["id"] in text
    body = {"path": "other", "model": "m", "linked_tools": ["tl_nothing"]}
    assert await v5.refused(404, "POST", "/prompts", body) == "Tool `tl_nothing` does not exist."


async def test_a_template_is_populated(v5: V5) -> None:
    """Text and messages alike; every variable needs an input."""
    messages = [
        {"role": "system", "content": "Be {{tone}}."},
        {"role": "user", "content": [{"type": "text", "text": "{{ q }}?"}]},
        {"role": "assistant"},
    ]
    prompt = await v5.prompt(template=messages)
    place = f"/prompts/{prompt['id']}/populate"
    filled = await v5.ok("POST", place, {"tone": "kind", "q": 7})
    assert filled["version_id"] == prompt["version_id"]
    assert [item["content"] for item in filled["populated_template"]] == [
        "Be kind.",
        [{"type": "text", "text": "7?"}],
        None,
    ]
    assert "tone, q" in await v5.refused(400, "POST", place, {})
    bare = await v5.prompt("bare")
    assert (await v5.ok("POST", f"/prompts/{bare['id']}/populate", {}))["populated_template"] is None
    jinja = await v5.prompt("jinja", template="{{x}}", template_language="jinja")
    await v5.refused(400, "POST", f"/prompts/{jinja['id']}/populate", {"x": 1})


@pytest.mark.parametrize("path", ["/prompts/call", "/agents/call", "/agents/continue", "/tools/call"])
async def test_calls_are_refused_with_what_to_do_instead(v5: V5, path: str) -> None:
    """This server calls no model and runs no code."""
    assert "cannot" in await v5.refused(400, "POST", path, {"path": "p", "stream": False})


@pytest.mark.parametrize("kind", ["prompt", "tool", "agent"])
async def test_logs_are_updated_in_place(v5: V5, kind: str) -> None:
    """What is given changes, what is null or absent stays."""
    body = {"path": "it", kind: {"model": "m"} if kind != "tool" else {"function": {"name": "f", "description": ""}}}
    created = await v5.ok("POST", f"/{kind}s/log", {**body, "output": "old", "inputs": {"q": 1}})
    place = f"/{kind}s/{created[f'{kind}_id']}/log/{created['id']}"
    changed = await v5.ok("PATCH", place, {"output": "new", "error": "odd", "inputs": None, "log_status": "complete"})
    assert (changed["output"], changed["error"], changed["inputs"]) == ("new", "odd", {"q": 1})
    assert changed[kind]["version_id"] == created["version_id"]
    assert (await v5.ok("GET", f"/logs/{created['id']}"))["output"] == "new"
    assert (await v5.ok("PATCH", place, {}))["output"] == "new"
    await v5.refused(422, "PATCH", place, {"output": 7})
    await v5.refused(404, "PATCH", f"/{kind}s/nothing/log/{created['id']}", {"output": "x"})
    await v5.refused(404, "PATCH", f"/{kind}s/{created[f'{kind}_id']}/log/nothing", {"output": "x"})
    wrong = "tool" if kind != "tool" else "prompt"
    await v5.refused(404, "PATCH", f"/{wrong}s/{created[f'{kind}_id']}/log/{created['id']}", {"output": "x"})


async def test_all_that_a_log_may_say_is_kept(v5: V5) -> None:
    """Every field of a prompt's log comes back as it was sent, times in UTC."""
    body = {
        "output": "yes",
        "output_message": {"role": "assistant", "content": "yes", "tool_calls": None},
        "messages": [{"role": "user", "content": [{"type": "text", "text": "é"}]}],
        "prompt_tokens": 3,
        "reasoning_tokens": 2,
        "output_tokens": 1,
        "prompt_cost": 0.25,
        "output_cost": 0.5,
        "finish_reason": "stop",
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "start_time": "2024-05-01T12:00:00+02:00",
        "end_time": "2024-05-01T10:00:01Z",
        "created_at": "2024-05-01T10:00:02.000003Z",
        "error": "odd",
        "provider_latency": 0.5,
        "stdout": "out",
        "provider_request": {"a": None},
        "provider_response": {"b": [1]},
        "inputs": {"q": None, "n": {"deep": [1.5]}},
        "source": "test",
        "metadata": {"m": 1},
        "log_status": "incomplete",
        "user": "u",
        "environment": "label",
        "save": False,
        "log_id": "mine",
    }
    created = await v5.ok("POST", "/prompts/log", {"path": "p", "prompt": {"model": "m"}, **body})
    assert created["id"] == "mine"
    log = await v5.ok("GET", "/logs/mine")
    expected = body | {"start_time": "2024-05-01T10:00:00Z", "id": "mine"}
    expected["output_message"] = {**log["output_message"], "role": "assistant", "content": "yes"}
    expected["messages"] = [{**log["messages"][0], "role": "user", "content": [{"type": "text", "text": "é"}]}]
    assert {name: log[name] for name in expected} == expected


async def test_a_log_names_its_version_in_many_ways(v5: V5) -> None:
    """By version, environment, content, or the file's default; the version wins over the content."""
    first, second = await v5.prompt(temperature=0), await v5.prompt(temperature=1)
    place = f"/prompts/{first['id']}/environments/staging"
    await v5.ok("POST", place, version_id=second["version_id"])

    async def version(body: Json, **query: str) -> str:
        return str((await v5.ok("POST", "/prompts/log", body, **query))["version_id"])

    by_path, by_id = {"path": "bots/support"}, {"id": first["id"]}
    assert await version(by_path) == first["version_id"]
    assert await version(by_id, environment="staging") == second["version_id"]
    assert await version({}, version_id=second["version_id"]) == second["version_id"]
    content = {"prompt": {"model": "small", "temperature": 1}}
    assert await version({**by_path, **content}) == second["version_id"]
    assert await version({**by_path, **content}, version_id=first["version_id"]) == first["version_id"]
    assert await version({**by_id, "prompt": {"model": "new"}}) not in (first["version_id"], second["version_id"])


async def test_bad_logs_are_refused_and_nothing_is_left(v5: V5) -> None:
    """No file, unknown references, an id that is taken, wrong types."""
    prompt = await v5.prompt()
    by_path = {"path": "bots/support"}
    await v5.ok("POST", "/prompts/log", {**by_path, "log_id": "taken"})
    await v5.refused(422, "POST", "/prompts/log", {})
    await v5.refused(404, "POST", "/prompts/log", {"path": "unknown"})
    await v5.refused(404, "POST", "/prompts/log", {"id": "unknown"})
    await v5.refused(404, "POST", "/flows/log", {"id": prompt["id"]})
    await v5.refused(404, "POST", "/prompts/log", by_path, version_id="unknown")
    await v5.refused(404, "POST", "/prompts/log", by_path, environment="unknown")
    await v5.refused(404, "POST", "/prompts/log", {**by_path, "run_id": "unknown"})
    await v5.refused(404, "POST", "/prompts/log", {**by_path, "trace_parent_id": "unknown"})
    await v5.refused(409, "POST", "/prompts/log", {**by_path, "log_id": "taken", "output": "other"})
    await v5.refused(409, "POST", "/tools/log", {**by_path, "tool": {}})
    for wrong in ({"output": 1}, {"log_status": "half"}, {"prompt_tokens": "many"}, {"start_time": "noon"}):
        await v5.refused(422, "POST", "/prompts/log", {**by_path, **wrong})
    assert (await v5.ok("GET", "/logs", file_id=prompt["id"]))["total"] == 1
    assert (await v5.ok("GET", f"/prompts/{prompt['id']}"))["total_logs_count"] == 1
