"""The `log` methods of every client of the SDK, what they are changed by, and `logs`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

Record = dict[str, Any]
START = datetime(2025, 3, 1, 12, tzinfo=UTC)
MESSAGE = {"role": "user", "content": "Hi"}
ANSWER = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
ANY_LOG = {
    "inputs": {"a": {"b": [1, None]}},
    "output": "out",
    "start_time": START,
    "end_time": START + timedelta(seconds=2),
    "provider_latency": 1.5,
    "stdout": "printed",
    "provider_request": {"x": 1},
    "provider_response": {"y": 2},
    "source": "sdk",
    "metadata": {"team": "red"},
    "user": "anna",
    "log_status": "complete",
}
MODEL_LOG = {
    "messages": [MESSAGE],
    "output_message": ANSWER,
    "prompt_tokens": 3,
    "reasoning_tokens": 1,
    "output_tokens": 2,
    "prompt_cost": 0.25,
    "output_cost": 0.5,
    "finish_reason": "stop",
    "tool_choice": "auto",
}
KERNELS: dict[str, Record] = {
    "prompt": {"prompt": {"model": "gpt-4o"}, **MODEL_LOG},
    "flow": {"flow": {"attributes": {"v": 1}}, "messages": [MESSAGE], "output_message": ANSWER},
    "tool": {"tool": {"function": {"name": "f", "description": "d"}}},
    "agent": {"agent": {"model": "gpt-4o"}, **MODEL_LOG},
}
SPEC = {"arguments_type": "target_free", "return_type": "number", "evaluator_type": "external"}


def log(client: Any, kind: str, path: str, **fields: Any) -> Any:
    """Log by path, with the content of a version of this type."""
    return getattr(client, f"{kind}s").log(path=path, **(KERNELS[kind] | fields))


def flow_log(client: Any, folder: str, **fields: Any) -> Any:
    """A log of a flow."""
    return client.flows.log(path=f"{folder}/flow", flow={"attributes": {}}, log_status="complete", **fields)


def file_of(client: Any, path: str) -> Any:
    """The file at a path."""
    return client.files.retrieve_by_path(path=path)


@pytest.mark.parametrize("kind", ["prompt", "flow", "tool", "agent"])
def test_a_log_keeps_everything_that_it_says(client: Any, sdk: Any, folder: str, kind: str) -> None:
    """One call makes the file, its version and the log; lists give the SDK's class, `get` the JSON."""
    label = {f"{kind}_log_request_environment": "beta"}
    made = log(client, kind, f"{folder}/{kind}", **ANY_LOG, **label)
    file = file_of(client, f"{folder}/{kind}")
    assert (getattr(made, f"{kind}_id"), made.version_id) == (file.id, file.version_id)
    (listed,) = client.logs.list(file_id=file.id)
    assert type(listed) is getattr(sdk, f"{kind.capitalize()}LogResponse")
    assert getattr(listed, kind).version_id == file.version_id
    whole = client.logs.get(id=made.id)
    assert whole["id"] == listed.id == made.id
    assert whole["environment"] == listed.environment == "beta"
    for name, value in ANY_LOG.items():
        assert getattr(listed, name) == value, name
        assert whole[name] == (f"{value:%Y-%m-%dT%H:%M:%S}Z" if isinstance(value, datetime) else value), name
    for name in set(KERNELS[kind]) - {kind, "messages", "output_message"}:
        assert getattr(listed, name) == whole[name] == KERNELS[kind][name], name
    assert (whole["evaluator_logs"], whole["trace_children"], whole["trace_parent_id"]) == ([], [], None)


def test_a_log_has_messages(client: Any, folder: str) -> None:
    """Text, parts and tool calls come back as they were given."""
    parts = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}},
    ]
    messages = [{"role": "user", "content": parts}, ANSWER, {"role": "tool", "content": "2", "tool_call_id": "1"}]
    made = client.prompts.log(path=f"{folder}/prompt", prompt={"model": "m"}, messages=messages, output_message=ANSWER)
    (listed,) = client.logs.list(file_id=made.prompt_id)
    assert [message.role for message in listed.messages] == ["user", "assistant", "tool"]
    assert [part.type for part in listed.messages[0].content] == ["text", "image_url"]
    assert listed.messages[1].tool_calls[0].function.name == "f"
    assert listed.messages[2].tool_call_id == "1"
    assert listed.output_message.tool_calls[0].id == "1"


def test_a_prompt_is_named_by_its_text(client: Any, folder: str) -> None:
    """A `.prompt` file's content stands for the object; the same content is the same version."""
    text = "---\nmodel: gpt-4o\ntemperature: 0.5\n---\n<system>\nBe brief\n</system>\n"
    made = client.prompts.log(path=f"{folder}/prompt", prompt=text, output="x")
    again = client.prompts.log(
        path=f"{folder}/prompt",
        prompt={"model": "gpt-4o", "temperature": 0.5, "template": [{"role": "system", "content": "Be brief"}]},
        output="y",
    )
    assert again.version_id == made.version_id


def test_a_log_is_of_the_version_that_it_names(client: Any, sdk: Any, folder: str) -> None:
    """By version, by environment, or else the default one; nothing is invented for what is not there."""
    first = client.flows.upsert(path=f"{folder}/flow", attributes={"v": 1})
    second = client.flows.upsert(path=f"{folder}/flow", attributes={"v": 2})
    client.flows.set_deployment(id=first.id, environment_id="staging", version_id=second.version_id)
    assert client.flows.log(id=first.id, output="x").version_id == first.version_id
    assert client.flows.log(id=first.id, environment="staging", output="x").version_id == second.version_id
    assert client.flows.log(id=first.id, version_id=second.version_id, output="x").version_id == second.version_id
    with pytest.raises(sdk.error.HumanloopRuntimeError) as raised:
        client.flows.log(id=first.id, version_id="flv_unknown", output="x")
    cause = raised.value.__cause__
    assert isinstance(cause, sdk.core.ApiError)
    assert cause.status_code == 404


def test_judgments_are_logs(client: Any, sdk: Any, folder: str) -> None:
    """They name the evaluator by path and content, or by id; they come with the log, and with it as their parent."""
    parent = flow_log(client, folder, output="x")
    judged = client.evaluators.log(
        parent_id=parent.id, path=f"{folder}/number", spec=SPEC, judgment=1, stdout="s", marked_completed=True
    )
    failed = client.evaluators.log(parent_id=parent.id, id=file_of(client, f"{folder}/number").id, error="boom")
    assert (judged.parent_id, judged.version_id) == (parent.id, failed.version_id)
    (listed,) = client.logs.list(file_id=parent.flow_id)
    assert [(item.judgment, item.error) for item in listed.evaluator_logs] == [(1.0, None), (None, "boom")]
    assert [type(item) for item in listed.evaluator_logs] == [sdk.EvaluatorLogResponse] * 2
    assert (listed.evaluator_logs[0].stdout, listed.evaluator_logs[0].marked_completed) == ("s", True)
    with_parent = list(client.logs.list(file_id=file_of(client, f"{folder}/number").id, include_parent=True))
    assert [type(item) for item in with_parent] == [sdk.EvaluatorLogResponse] * 2
    assert {item.parent.id for item in with_parent} == {parent.id}
    assert type(with_parent[0].parent) is sdk.FlowLogResponse


@pytest.mark.parametrize(
    ("return_type", "judgment"),
    [("boolean", False), ("number", 0.5), ("select", "a"), ("multi_select", ["a", "b"]), ("text", "fine")],
)
def test_every_type_of_judgment_comes_back(client: Any, folder: str, return_type: str, judgment: Any) -> None:
    """With its own Python type."""
    parent = flow_log(client, folder, output="x")
    client.evaluators.log(
        parent_id=parent.id, path=f"{folder}/judge", spec=SPEC | {"return_type": return_type}, judgment=judgment
    )
    (listed,) = client.logs.list(file_id=parent.flow_id)
    assert listed.evaluator_logs[0].judgment == judgment
    assert type(listed.evaluator_logs[0].judgment) is type(judgment)


def test_a_log_is_changed(client: Any, folder: str) -> None:
    """What is given is changed; what is left out stays; a complete flow log is final."""
    flow = client.flows.log(path=f"{folder}/flow", flow={"attributes": {}}, inputs={"a": 1}, log_status="incomplete")
    assert client.flows.update_log(log_id=flow.id, output="half").log_status == "incomplete"
    done = client.flows.update_log(log_id=flow.id, output="whole", output_message=ANSWER, log_status="complete")
    assert (done.output, done.inputs, done.log_status) == ("whole", {"a": 1}, "complete")
    assert done.output_message.tool_calls[0].id == "1"
    for kind, method in (("prompt", "update_log"), ("tool", "update"), ("agent", "update_log")):
        made = log(client, kind, f"{folder}/{kind}", **ANY_LOG)
        file = getattr(made, f"{kind}_id")
        change = getattr(getattr(client, f"{kind}s"), method)
        changed = change(id=file, log_id=made.id, output="changed", error="e")
        changed = changed if isinstance(changed, dict) else changed.dict()
        assert (changed["output"], changed["error"], changed["inputs"]) == ("changed", "e", ANY_LOG["inputs"])


def test_a_complete_flow_log_is_final(client: Any, sdk: Any, folder: str) -> None:
    """Completing it again with the same data is no change; with other data it is a conflict."""
    flow = flow_log(client, folder, output="x")
    assert client.flows.update_log(log_id=flow.id, output="x", log_status="complete").output == "x"
    with pytest.raises(sdk.core.ApiError) as raised:
        client.flows.update_log(log_id=flow.id, output="y")
    assert raised.value.status_code == 409


def test_a_trace_is_built_by_naming_the_parent(client: Any, sdk: Any, folder: str) -> None:
    """Children of any type, in lists only if asked for; those in a trace can be told from the others."""
    root = flow_log(client, folder, output="x")
    prompt = log(client, "prompt", f"{folder}/prompt", trace_parent_id=root.id)
    tool = log(client, "tool", f"{folder}/tool", trace_parent_id=prompt.id)
    agent = log(client, "agent", f"{folder}/agent", trace_parent_id=root.id)
    plain = log(client, "prompt", f"{folder}/prompt")
    whole = client.logs.get(id=root.id)
    assert [child["id"] for child in whole["trace_children"]] == [prompt.id, agent.id]
    assert [child["id"] for child in whole["trace_children"][0]["trace_children"]] == [tool.id]
    (listed,) = client.logs.list(file_id=root.flow_id, include_trace_children=True)
    assert [type(child) for child in listed.trace_children] == [sdk.PromptLogResponse, sdk.AgentLogResponse]
    assert listed.trace_children[0].trace_flow_id == root.flow_id
    (bare,) = client.logs.list(file_id=root.flow_id)
    assert not bare.trace_children

    def ids(*inside: bool) -> set[str]:
        return {item.id for item in client.logs.list(file_id=prompt.prompt_id, in_trace_filter=list(inside))}

    assert (ids(True), ids(False), ids(True, False)) == ({prompt.id}, {plain.id}, {prompt.id, plain.id})


def test_logs_are_filtered_and_paged_to_their_end(client: Any, folder: str) -> None:
    """Newest first; by version, part of an id, words, metadata and time."""
    made = [
        flow_log(
            client,
            folder,
            output=f"answer {number}",
            metadata={"batch": f"b{number % 2}"},
            log_id=f"{folder}-{number}",
            created_at=START + timedelta(days=number),
        )
        for number in range(5)
    ]
    file_id = made[0].flow_id

    def numbers(**arguments: Any) -> list[str]:
        return [item.id[-1] for item in client.logs.list(file_id=file_id, **arguments)]

    assert numbers() == numbers(size=2) == ["4", "3", "2", "1", "0"]
    assert numbers(version_id=made[0].version_id, size=4) == ["4", "3", "2", "1", "0"]
    assert numbers(id=f"{folder}-3") == ["3"]
    assert numbers(id=[f"{folder}-1", f"{folder}-2"]) == ["2", "1"]
    assert numbers(search="ANSWER 4") == ["4"]
    assert numbers(metadata_search="b1") == ["3", "1"]
    assert numbers(start_date=START + timedelta(days=3)) == ["4", "3"]
    assert numbers(end_date=START + timedelta(days=1)) == ["1", "0"]
    assert len(numbers(sample=2)) == 2


def test_logs_are_deleted_with_what_hangs_on_them(client: Any, sdk: Any, folder: str) -> None:
    """One id or several; judgments and the trace below go with the log."""
    root = flow_log(client, folder, output="x")
    child = log(client, "tool", f"{folder}/tool", trace_parent_id=root.id)
    judged = client.evaluators.log(parent_id=root.id, path=f"{folder}/number", spec=SPEC, judgment=1)
    others = [flow_log(client, folder, output="y") for _ in range(2)]
    assert client.logs.delete(id=root.id) is None
    for log_id in (root.id, child.id, judged.id):
        with pytest.raises(sdk.core.ApiError) as raised:
            client.logs.get(id=log_id)
        assert raised.value.status_code == 404
    client.logs.delete(id=[other.id for other in others])
    assert list(client.logs.list(file_id=root.flow_id)) == []


def test_a_log_id_is_the_callers_to_choose_once(client: Any, sdk: Any, folder: str) -> None:
    """A repeat gives the same log; another log with the id is a conflict."""
    for _ in range(2):
        assert flow_log(client, folder, log_id=f"{folder} own", output="x").id == f"{folder} own"
    with pytest.raises(sdk.error.HumanloopRuntimeError) as raised:
        flow_log(client, folder, log_id=f"{folder} own", output="y")
    cause = raised.value.__cause__
    assert isinstance(cause, sdk.core.ApiError)
    assert cause.status_code == 409
