"""Flow logs: completed once, with a trace below them."""

import pytest
from tests.api.v5_calls import V5, evaluated

pytestmark = pytest.mark.anyio


async def test_a_flow_log_is_completed(v5: V5) -> None:
    """The first completion is kept, and shows in every answer."""
    flow = await v5.ok("POST", "/flows/log", {"path": "f", "flow": {"attributes": {}}, "log_status": "incomplete"})
    assert flow["log_status"] == "incomplete"
    message = {"role": "assistant", "content": "done"}
    body = {"output_message": message, "inputs": {"q": "1"}, "messages": [message], "log_status": "complete"}
    done = await v5.ok("PATCH", f"/flows/logs/{flow['id']}", body)
    assert (done["log_status"], done["inputs"], done["output_message"]["content"]) == ("complete", {"q": "1"}, "done")
    assert done["flow"]["version_id"] == flow["version_id"]


async def test_a_complete_flow_log_is_final(v5: V5) -> None:
    """The same again is fine; anything else is 409 and changes nothing."""
    flow = await v5.ok("POST", "/flows/log", {"path": "f", "flow": {"attributes": {}}, "log_status": "incomplete"})
    place = f"/flows/logs/{flow['id']}"
    body = {"output": "done", "log_status": "complete"}
    await v5.ok("PATCH", place, body)
    await v5.ok("PATCH", place, body)
    await v5.ok("PATCH", place, {})
    for other in ({"output": "other"}, {"error": "late"}, {"log_status": "incomplete"}, {"inputs": {"q": 1}}):
        assert "is complete" in await v5.refused(409, "PATCH", place, other)
    assert (await v5.ok("GET", f"/logs/{flow['id']}"))["output"] == "done"


@pytest.mark.parametrize("key", ["log_status", "trace_status"])
async def test_a_flow_log_without_a_status_stays_open_until_it_is_closed(v5: V5, key: str) -> None:
    """As a logging quickstart does it: log, change, close. The older key means the same. Then the log is final."""
    flow = await v5.ok("POST", "/flows/log", {"path": "f", "flow": {"attributes": {}}, "inputs": {"q": "1"}})
    assert (flow["log_status"], flow["trace_status"]) == ("incomplete", "incomplete")
    log = f"/flows/logs/{flow['id']}"
    changed = await v5.ok("PATCH", log, {"output": "half"})
    assert (changed["output"], changed["log_status"]) == ("half", "incomplete")
    closing = {"output": "done", key: "complete"}
    closed = await v5.ok("PATCH", log, closing)
    assert (closed["output"], closed["log_status"], closed["trace_status"]) == ("done", "complete", "complete")
    await v5.ok("PATCH", log, closing)
    assert "is complete" in await v5.refused(409, "PATCH", log, {"output": "other"})
    for status in ("complete", "incomplete"):
        made = await v5.ok("POST", "/flows/log", {"path": "f", "flow": {"attributes": {}}, key: status})
        assert (await v5.ok("GET", f"/logs/{made['id']}"))["log_status"] == made["log_status"] == status


async def test_a_flow_log_without_a_status_does_not_hold_up_a_run(v5: V5) -> None:
    """In a run it shows as complete, as clients of the SDK wait for that, and it can still be closed with an output."""
    made = await evaluated(v5, 1)
    body = {"path": "f", "flow": {"attributes": {}}, "run_id": made.run["id"]}
    flow = await v5.ok("POST", "/flows/log", {**body, "source_datapoint_id": made.dataset["datapoints"][0]["id"]})
    assert flow["log_status"] == "complete"
    assert (await v5.ok("GET", f"/logs/{flow['id']}"))["log_status"] == "complete"
    await v5.judge(flow["id"], 1)
    assert await v5.status(made.evaluation, made.run) == "completed"
    log = f"/flows/logs/{flow['id']}"
    assert (await v5.ok("PATCH", log, {"output": "done", "log_status": "complete"}))["output"] == "done"
    assert await v5.status(made.evaluation, made.run) == "completed"
    await v5.refused(409, "PATCH", log, {"output": "late"})


async def test_unknown_flow_logs_and_other_kinds_are_404(v5: V5) -> None:
    """The fixed word in the path is not taken for a flow's id."""
    await v5.prompt()
    log_id = await v5.log()
    await v5.refused(404, "PATCH", "/flows/logs/nothing", {"output": "x"})
    await v5.refused(404, "PATCH", f"/flows/logs/{log_id}", {"output": "x"})
    await v5.refused(422, "PATCH", f"/flows/logs/{log_id}", {"log_status": "half"})


async def test_a_trace_is_a_tree(v5: V5) -> None:
    """Children hang on any log of it, and each log knows its root."""
    root = await v5.ok("POST", "/flows/log", {"path": "f", "flow": {"attributes": {}}})
    tool = {"path": "t", "tool": {"function": {"name": "f", "description": ""}}, "trace_parent_id": root["id"]}
    middle = await v5.ok("POST", "/tools/log", tool)
    leaf = await v5.ok("POST", "/prompts/log", {"path": "p", "prompt": {"model": "m"}, "trace_parent_id": middle["id"]})
    await v5.ok("POST", "/tools/log", tool)
    tree = await v5.ok("GET", f"/logs/{root['id']}")
    assert len(tree["trace_children"]) == 2
    assert tree["trace_children"][0]["id"] == middle["id"]
    assert tree["trace_children"][0]["trace_children"][0]["id"] == leaf["id"]
    shown = tree["trace_children"][0]["trace_children"][0]
    assert (shown["trace_parent_id"], shown["trace_id"], shown["trace_flow_id"]) == (
        middle["id"],
        root["id"],
        root["flow_id"],
    )
    inside = await v5.ok("GET", "/logs", file_id=leaf["prompt_id"], in_trace_filter=True)
    assert [log["id"] for log in inside["records"]] == [leaf["id"]]
    assert (await v5.ok("GET", "/logs", file_id=root["flow_id"], in_trace_filter=True))["total"] == 0
    listed = await v5.ok("GET", "/logs", file_id=root["flow_id"], include_trace_children=True)
    assert len(listed["records"][0]["trace_children"]) == 2


async def test_deleting_a_log_takes_its_trace_along(v5: V5) -> None:
    """And the judgments of it; counts follow, and what is above stays."""
    await v5.evaluator()
    root = await v5.ok("POST", "/flows/log", {"path": "f", "flow": {"attributes": {}}})
    prompt = {"path": "p", "prompt": {"model": "m"}}
    middle = await v5.ok("POST", "/prompts/log", {**prompt, "trace_parent_id": root["id"]})
    leaf = await v5.ok("POST", "/prompts/log", {**prompt, "trace_parent_id": middle["id"]})
    judgments = [await v5.judge(leaf["id"], 1), await v5.judge(root["id"], 2)]
    await v5.ok("DELETE", "/logs", id=[middle["id"], "unknown"])
    for gone in (middle["id"], leaf["id"], judgments[0]):
        await v5.refused(404, "GET", f"/logs/{gone}")
    kept = await v5.ok("GET", f"/logs/{root['id']}")
    assert (kept["trace_children"], len(kept["evaluator_logs"])) == ([], 1)
    assert (await v5.ok("GET", f"/prompts/{middle['prompt_id']}"))["total_logs_count"] == 0
    await v5.ok("DELETE", "/logs")
