"""Logging to v4 evaluations and judging what was logged: what is kept, and what is refused."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from evals_mcp.store.store import Store

pytestmark = pytest.mark.anyio

Make = Callable[..., Awaitable[Any]]


def detail(response: httpx.Response, status: int) -> Any:
    """What an error says, whose status must be this one."""
    assert response.status_code == status, response.text
    return response.json()["detail"]


async def test_the_newest_log_and_judgment_of_a_datapoint_are_shown(
    make: Make, files: SimpleNamespace, evaluate: Make
) -> None:
    """Of several logs for a datapoint, and of several results by one evaluator, the last one stands."""
    address = f"/v4/evaluations/{(await evaluate())['id']}"
    for number in range(3):
        body = {"datapoint_id": files.datapoints[4], "log": {"output": f"try {number}"}}
        log_id = (await make("POST", f"{address}/log", body))["id"]
    for result in (1, 2.5):
        await make("POST", f"{address}/result", {"log_id": log_id, "evaluator_id": files.score, "result": result})
    records = (await make("GET", f"{address}/datapoints"))["records"]
    assert ["log" in record for record in records] == [False, False, False, False, True]
    assert records[0]["evaluation_results"] == []
    assert records[4]["log"]["id"] == log_id
    assert [result["value"] for result in records[4]["evaluation_results"]] == [2.5]


async def test_every_field_of_a_log_is_kept(make: Make, files: SimpleNamespace, evaluate: Make) -> None:
    """What a log says comes back from v4, and what v5 has a place for comes back from v5 as well."""
    address = f"/v4/evaluations/{(await evaluate())['id']}"
    same: dict[str, Any] = {
        "inputs": {"question": "mine", "none": None},
        "source": "ci",
        "metadata": {"k": [1, None]},
        "save": False,
        "output": "o",
        "environment": "staging",
        "created_at": "2026-01-02T03:04:05Z",
        "error": "e",
        "stdout": "s",
        "prompt_tokens": 3,
        "output_tokens": 4,
        "prompt_cost": 0.5,
        "output_cost": 0.25,
        "provider_request": {"a": 1},
        "provider_response": {"b": None},
        "messages": [{"role": "user", "content": "hi"}],
    }
    labels = {"session_reference_id": "s-1", "parent_reference_id": "p-1", "reference_id": "r-1"}
    rest: dict[str, Any] = {
        "duration": 2,
        "judgment": "good",
        "output_message": {"role": "assistant", "tool_call": {"name": "look", "arguments": "{}"}},
        "feedback": {"type": "rating", "value": "good", "user": "u"},
    }
    body = {"datapoint_id": files.datapoints[0], "log": same | labels | rest}
    created = await make("POST", f"{address}/log", body)
    assert created["session_id"].startswith("sesh_")
    v4 = (await make("GET", f"{address}/datapoints", size=1))["records"][0]["log"]
    v5 = await make("GET", f"/v5/logs/{created['id']}")
    assert {name: v4[name] for name in same} == same
    assert {name: v4[name] for name in labels} == labels
    tool_calls = [{"id": "look", "type": "function", "function": {"name": "look", "arguments": "{}"}}]
    assert (v4["duration"], v4["tokens"], v4["judgment"]) == (2, 7, "good")
    assert v4["output_message"] == {"role": "assistant", "tool_calls": tool_calls}
    assert v4["feedback"][0].items() >= rest["feedback"].items()
    assert v4["session_id"] == created["session_id"]
    assert (v4["project_id"], v4["config"]["id"]) == (files.prompt, files.versions[0])
    assert {name: v5[name] for name in same if name != "messages"} == {
        name: same[name] for name in same if name != "messages"
    }
    assert v5["messages"][0].items() >= same["messages"][0].items()
    assert (v5["provider_latency"], v5["output_message"]["tool_calls"]) == (2, tool_calls)


async def test_a_log_without_inputs_has_those_of_its_datapoint(
    make: Make, files: SimpleNamespace, evaluate: Make
) -> None:
    """An empty log is a log, and what it was given is known."""
    address = f"/v4/evaluations/{(await evaluate())['id']}"
    await make("POST", f"{address}/log", {"datapoint_id": files.datapoints[2], "log": {}})
    records = (await make("GET", f"{address}/datapoints"))["records"]
    assert records[2]["log"]["inputs"] == {"question": "q2"}
    assert records[2]["datapoint"] == {
        "id": files.datapoints[2],
        "dataset_id": files.dataset,
        "inputs": {"question": "q2"},
        "target": {"answer": None},
    }


async def test_logs_of_one_session_and_one_parent_are_together(
    make: Make, files: SimpleNamespace, evaluate: Make
) -> None:
    """A reference to a session always gives the same session, and a parent is the parent in the trace."""
    address = f"/v4/evaluations/{(await evaluate())['id']}"
    created: list[dict[str, Any]] = []
    for datapoint_id in files.datapoints[:2]:
        log: dict[str, Any] = {"session_reference_id": "chat"}
        if created:
            log["parent_id"] = created[0]["id"]
        created.append(await make("POST", f"{address}/log", {"datapoint_id": datapoint_id, "log": log}))
    assert created[0]["session_id"] == created[1]["session_id"]
    assert (await make("GET", f"/v5/logs/{created[1]['id']}"))["trace_parent_id"] == created[0]["id"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "flows", {"attributes": {"a": 1}}),
        ("POST", "tools", {"function": {"name": "look", "description": "Looks.", "parameters": {"type": "object"}}}),
        ("POST", "agents", {"model": "m", "tools": []}),
    ],
)
async def test_every_type_of_file_can_be_evaluated(
    make: Make, files: SimpleNamespace, method: str, path: str, body: dict[str, Any]
) -> None:
    """A log goes to the type of file that is evaluated, and its config is of that type."""
    file = await make(method, f"/v5/{path}", {"path": f"other/{path}", **body})
    request = {"config_id": file["version_id"], "dataset_id": files.dataset, "evaluator_ids": [], "hl_generated": False}
    evaluation = await make("POST", f"/v4/projects/{file['id']}/evaluations", request)
    address = f"/v4/evaluations/{evaluation['id']}"
    await make("PATCH", f"{address}/status", {"status": "running"})
    created = await make("POST", f"{address}/log", {"datapoint_id": files.datapoints[0], "log": {"output": "o"}})
    record = (await make("GET", f"{address}/datapoints"))["records"][0]
    assert record["log"]["config"] == evaluation["config"]
    assert created["project_id"] == file["id"]
    assert (await make("GET", f"/v5/logs/{created['id']}"))[path.removesuffix("s")]["id"] == file["id"]


async def test_a_log_may_name_another_version_of_the_file(
    api: httpx.AsyncClient, make: Make, files: SimpleNamespace, evaluate: Make
) -> None:
    """A config of the evaluated file is taken, one of another file is not."""
    address = f"/v4/evaluations/{(await evaluate())['id']}"
    body = {"datapoint_id": files.datapoints[0], "log": {"config_id": files.versions[1]}}
    await make("POST", f"{address}/log", body)
    assert (await make("GET", f"{address}/datapoints"))["records"][0]["log"]["config_id"] == files.versions[1]
    body["log"] = {"config_id": files.helpful_version}
    assert files.helpful_version in detail(await api.post(f"{address}/log", json=body), 404)


@pytest.mark.parametrize("status", ["pending", "completed", "cancelled"])
async def test_only_a_running_evaluation_takes_logs_and_results(
    api: httpx.AsyncClient, make: Make, files: SimpleNamespace, evaluate: Make, status: str
) -> None:
    """The refusal says which status it has, and nothing is written."""
    evaluation = await evaluate(running=status != "pending")
    address = f"/v4/evaluations/{evaluation['id']}"
    log_id = "log_none"
    if status != "pending":
        log_id = (await make("POST", f"{address}/log", {"datapoint_id": files.datapoints[0], "log": {}}))["id"]
        await make("PATCH", f"{address}/status", {"status": status})
    bodies: dict[str, Any] = {
        "log": {"datapoint_id": files.datapoints[1], "log": {"output": "late"}},
        "result": {"log_id": log_id, "evaluator_id": files.helpful, "result": True},
    }
    for path, body in bodies.items():
        said = detail(await api.post(f"{address}/{path}", json=body), 409)
        assert f"is {status}" in said
        assert ("PATCH" in said) == (status != "cancelled")
    assert (await make("GET", address))["status"] == status
    records = (await make("GET", f"{address}/datapoints"))["records"]
    assert [record.get("log", {}).get("id") for record in records[1:]] == [None] * 4
    assert records[0]["evaluation_results"] == []


async def test_a_refused_log_says_how_it_would_be_taken(
    api: httpx.AsyncClient, make: Make, files: SimpleNamespace, evaluate: Make
) -> None:
    """Following the advice of the refusal, the request can be repeated."""
    evaluation = await evaluate(running=False)
    body = {"datapoint_id": files.datapoints[0], "log": {}}
    said = detail(await api.post(f"/v4/evaluations/{evaluation['id']}/log", json=body), 409)
    address = said.split("PATCH `")[1].split("`")[0]
    assert (await make("PATCH", address, {"status": "running"}))["status"] == "running"
    await make("POST", f"/v4/evaluations/{evaluation['id']}/log", body)


async def test_logs_are_only_for_datapoints_of_the_dataset(
    api: httpx.AsyncClient, make: Make, files: SimpleNamespace, evaluate: Make
) -> None:
    """A datapoint that does not exist is not found; one of another dataset is refused by its name."""
    address = f"/v4/evaluations/{(await evaluate())['id']}"
    body: dict[str, Any] = {"path": "data/other", "datapoints": [{"inputs": {"question": "other"}}]}
    other = (await make("POST", "/v5/datasets", body, include_datapoints=True))["datapoints"][0]["id"]
    assert "dp_none" in detail(await api.post(f"{address}/log", json={"datapoint_id": "dp_none", "log": {}}), 404)
    (said,) = detail(await api.post(f"{address}/log", json={"datapoint_id": other, "log": {}}), 422)
    assert other in said["msg"]
    assert said["loc"] == ["body", "datapoint_id"]
    body = {"datapoint_id": files.datapoints[0], "log": {"source_datapoint_id": files.datapoints[1]}}
    (said,) = detail(await api.post(f"{address}/log", json=body), 422)
    assert said["loc"] == ["body", "log", "source_datapoint_id"]
    assert (await make("GET", f"/v5/logs?file_id={files.prompt}"))["total"] == 0


async def test_results_are_only_for_logs_of_the_run(
    api: httpx.AsyncClient, make: Make, files: SimpleNamespace, evaluate: Make
) -> None:
    """An unknown log is not found; one outside the run, or for no datapoint of it, is refused by its name."""
    address = f"/v4/evaluations/{(await evaluate())['id']}"
    outside = (await make("POST", "/v5/prompts/log", {"id": files.prompt}))["id"]
    (run,) = (await make("GET", f"{address.replace('/v4/', '/v5/')}/runs"))["runs"]
    pointless = (await make("POST", "/v5/prompts/log", {"id": files.prompt, "run_id": run["id"]}))["id"]
    body: dict[str, Any] = {"path": "data/other", "datapoints": [{"inputs": {"question": "other"}}]}
    other = (await make("POST", "/v5/datasets", body, include_datapoints=True))["datapoints"][0]["id"]
    body = {"id": files.prompt, "run_id": run["id"], "source_datapoint_id": other}
    elsewhere = (await make("POST", "/v5/prompts/log", body))["id"]
    request = {"log_id": "log_none", "evaluator_id": files.helpful, "result": True}
    assert "log_none" in detail(await api.post(f"{address}/result", json=request), 404)
    for log_id, named in ((outside, outside), (pointless, pointless), (elsewhere, other)):
        request["log_id"] = log_id
        (said,) = detail(await api.post(f"{address}/result", json=request), 422)
        assert said["loc"] == ["body", "log_id"]
        assert named in said["msg"]


@pytest.mark.parametrize(
    ("change", "location"),
    [
        ({}, ["body", "result"]),
        ({"result": None}, ["body", "result"]),
        ({"result": True, "error": "e"}, ["body", "result"]),
        ({"result": 1}, ["body", "result"]),
        ({"result": "yes"}, ["body", "result"]),
        ({"result": {"a": 1}}, ["body", "result"]),
    ],
)
async def test_a_result_has_one_value_of_the_type_of_its_evaluator(
    api: httpx.AsyncClient,
    make: Make,
    files: SimpleNamespace,
    evaluate: Make,
    change: dict[str, Any],
    location: list[str],
) -> None:
    """Both or neither of result and error, or a result of another type, is refused and not stored."""
    address = f"/v4/evaluations/{(await evaluate())['id']}"
    log_id = (await make("POST", f"{address}/log", {"datapoint_id": files.datapoints[0], "log": {}}))["id"]
    body = {"log_id": log_id, "evaluator_id": files.helpful, **change}
    said = detail(await api.post(f"{address}/result", json=body), 422)
    assert said[0]["loc"][:2] == location
    assert (await make("GET", f"{address}/datapoints"))["records"][0]["evaluation_results"] == []


async def test_only_attached_evaluators_give_results(
    api: httpx.AsyncClient, make: Make, files: SimpleNamespace, evaluate: Make
) -> None:
    """An unknown evaluator is not found, one that is not attached is refused; adding it makes it welcome."""
    address = f"/v4/evaluations/{(await evaluate(evaluator_ids=[files.score]))['id']}"
    log_id = (await make("POST", f"{address}/log", {"datapoint_id": files.datapoints[0], "log": {}}))["id"]
    body = {"log_id": log_id, "evaluator_id": "ev_none", "result": True}
    assert "ev_none" in detail(await api.post(f"{address}/result", json=body), 404)
    body["evaluator_id"] = files.helpful
    (said,) = detail(await api.post(f"{address}/result", json=body), 422)
    assert said["loc"] == ["body", "evaluator_id"]
    assert files.score in said["msg"]
    await make("PATCH", f"{address}/evaluators", {"evaluator_ids": [files.helpful]})
    result = await make("POST", f"{address}/result", body)
    assert (result["evaluator_id"], result["evaluator_version_id"]) == (files.helpful, files.helpful_version)
    assert (result["log_id"], result["value"]) == (log_id, True)
    assert "error" not in result


async def test_a_page_and_a_log_cost_the_same_however_long_the_run_is(
    make: Make, store: Store, files: SimpleNamespace, evaluate: Make
) -> None:
    """Neither sends more statements, nor one that scans, when the run has grown."""
    address = f"/v4/evaluations/{(await evaluate())['id']}"
    body = {"datapoint_id": files.datapoints[0], "log": {}}
    await make("POST", f"{address}/log", body)
    statements: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        statements.append((statement, parameters))

    event.listen(store.database.engine, "before_cursor_execute", note)
    counts = []
    for _ in range(2):
        statements.clear()
        await make("GET", f"{address}/datapoints", size=1)
        await make("POST", f"{address}/log", body)
        counts.append(len(statements))
        for _ in range(20):
            await make("POST", f"{address}/log", body)
    event.remove(store.database.engine, "before_cursor_execute", note)
    assert counts[0] == counts[1]
    if not store.database.is_sqlite:
        return  # plans on PostgreSQL follow the number of rows, and here it scans tables as small as these
    with store.database.read() as connection:
        for statement, parameters in statements:
            if statement.startswith(("SELECT", "UPDATE")):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
                scans = [row.detail for row in plan if row.detail.startswith("SCAN") and "CONSTANT" not in row.detail]
                assert scans == [], statement
