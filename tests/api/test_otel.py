"""Spans of the SDK's decorators, as they are sent, become logs."""

import json
from typing import Any

import httpx
import pytest
from tests.api.v5_calls import V5, evaluated

pytestmark = pytest.mark.anyio

_PLACE = "/v5/import/otel/v1/traces"
_TOOL = {
    "humanloop.file.path": "T/calc",
    "humanloop.file.type": "tool",
    "humanloop.file.source_code": "def calc(a: int, b: int = 2) -> int:\n    return a + b\n",
    "humanloop.file.function.name": "calc",
    "humanloop.file.function.description": "Add.",
    "humanloop.file.function.strict": "True",
    "humanloop.file.function.parameters.type": "object",
    "humanloop.file.function.parameters.additionalProperties": "False",
    "humanloop.file.function.parameters.required": "('a',)",
    "humanloop.file.function.parameters.properties.a.type": "integer",
    "humanloop.log.inputs.a": "1",
    "humanloop.log.output": "3",
}
_CALL = {
    "humanloop.file.path": "P/llm",
    "humanloop.file.type": "prompt",
    "gen_ai.system": "OpenAI",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.prompt.0.role": "user",
    "gen_ai.prompt.0.content": "hi",
    "gen_ai.completion.0.content": "hello",
    "gen_ai.usage.prompt_tokens": "3",
}


def body(attributes: dict[str, str], span_id: str | None = None) -> str:
    """One span, as the SDK's exporter writes it."""
    span: dict[str, Any] = {
        "name": "humanloop.tool",
        "kind": "SPAN_KIND_INTERNAL",
        "startTimeUnixNano": "1700000000000000000",
        "endTimeUnixNano": "1700000000500000000",
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
    }
    if span_id is not None:
        span |= {"traceId": "FH3Nzn7lHP8XW7F8z67h6A==", "spanId": span_id}
    scope = {"scope": {"name": "humanloop.sdk.decorator", "version": "0.1.0"}, "spans": [span]}
    return json.dumps({"resourceSpans": [{"scopeSpans": [scope]}]})


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain;charset=UTF-8", "Text/Plain"])
async def test_spans_are_read_whatever_they_are_declared_as(api: httpx.AsyncClient, content_type: str | None) -> None:
    """The Python SDK declares nothing. Node's fetch declares JSON as plain text."""
    headers = {} if content_type is None else {"content-type": content_type}
    response = await api.post(_PLACE, content=body(_TOOL), headers=headers)
    assert (response.status_code, len(response.json()["records"])) == (200, 1), response.text
    response = await api.post(_PLACE, content="no JSON", headers=headers)
    assert (response.status_code, response.json()["detail"][0]["loc"][0]) == (422, "body")


async def sent(api: httpx.AsyncClient, attributes: dict[str, str], span_id: str | None = None) -> str:
    """The id of the log that a span became; sent as the exporter sends it, without a content type."""
    response = await api.post(_PLACE, content=body(attributes, span_id))
    assert (response.status_code, list(response.json())) == (200, ["records"]), response.text
    (log_id,) = response.json()["records"]
    return str(log_id)


async def test_a_tool_span_is_a_log_of_its_tool(api: httpx.AsyncClient, v5: V5) -> None:
    """The kernel has its types again, and the inputs are the text that was sent."""
    log = await v5.ok("GET", f"/logs/{await sent(api, _TOOL)}")
    assert (log["inputs"], log["output"], log["start_time"]) == ({"a": "1"}, "3", "2023-11-14T22:13:20Z")
    parameters = {
        "type": "object",
        "additionalProperties": False,
        "required": ["a"],
        "properties": {"a": {"type": "integer"}},
    }
    function = {"name": "calc", "description": "Add.", "strict": True, "parameters": parameters}
    assert log["tool"]["function"] == function
    upserted = {"path": "T/calc", "function": function, "source_code": _TOOL["humanloop.file.source_code"]}
    assert (await v5.ok("POST", "/tools", upserted))["version_id"] == log["tool"]["version_id"]


async def test_a_provider_span_is_a_log_of_a_prompt(api: httpx.AsyncClient, v5: V5) -> None:
    """Model, messages, output and tokens come from the instrumentation's attributes."""
    log = await v5.ok("GET", f"/logs/{await sent(api, _CALL)}")
    assert (log["prompt"]["model"], log["prompt"]["provider"]) == ("gpt-4o-mini", "openai")
    assert (log["messages"][0]["role"], log["messages"][0]["content"]) == ("user", "hi")
    assert (log["output_message"]["content"], log["output"], log["prompt_tokens"]) == ("hello", "hello", 3)
    assert log["provider_latency"] == 0.5


async def test_a_flow_span_completes_its_log(api: httpx.AsyncClient, v5: V5) -> None:
    """What a second span says of a complete log is left out, and is no error."""
    start = {"path": "F", "flow": {"attributes": {}}, "inputs": {"q": "hi"}, "log_status": "incomplete"}
    flow = await v5.ok("POST", "/flows/log", {**start, "messages": None, "trace_parent_id": None})
    span = {
        "humanloop.file.path": "F",
        "humanloop.file.type": "flow",
        "humanloop.log.id": flow["id"],
        "humanloop.log.output_message.role": "assistant",
        "humanloop.log.output_message.content": "done",
        "humanloop.log.log_status": "complete",
    }
    assert await sent(api, span) == flow["id"]
    log = await v5.ok("GET", f"/logs/{flow['id']}")
    assert (log["log_status"], log["inputs"], log["output"]) == ("complete", {"q": "hi"}, None)
    assert (log["output_message"]["content"], log["end_time"]) == ("done", "2023-11-14T22:13:20.500000Z")
    assert await sent(api, {**span, "humanloop.log.output_message.content": "other"}) == flow["id"]
    assert (await v5.ok("GET", f"/logs/{flow['id']}"))["output_message"]["content"] == "done"


async def test_a_span_puts_its_log_into_the_run(api: httpx.AsyncClient, v5: V5) -> None:
    """A log that was there joins run and datapoint; the run counts it."""
    made = await evaluated(v5)
    flow = await v5.ok("POST", "/flows/log", {"path": "F", "flow": {"attributes": {}}, "log_status": "incomplete"})
    span = {
        "humanloop.file.path": "F",
        "humanloop.file.type": "flow",
        "humanloop.log.run_id": made.run["id"],
        "humanloop.log.source_datapoint_id": made.dataset["datapoints"][0]["id"],
        "humanloop.log.id": flow["id"],
        "humanloop.log.error": "oops",
        "humanloop.log.log_status": "complete",
    }
    for _ in range(2):
        assert await sent(api, span) == flow["id"]
    logs = await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs")
    (item,) = logs["records"]
    assert (item["log"]["id"], item["log"]["error"], item["run_id"]) == (flow["id"], "oops", made.run["id"])
    assert item["datapoint"]["id"] == made.dataset["datapoints"][0]["id"]


async def test_a_run_that_is_cancelled_gets_no_log(api: httpx.AsyncClient, v5: V5) -> None:
    """The log is kept all the same, since the exporter would die of an error."""
    made = await evaluated(v5)
    await v5.ok("PATCH", f"/evaluations/{made.evaluation['id']}/runs/{made.run['id']}", {"status": "cancelled"})
    log_id = await sent(api, {**_CALL, "humanloop.log.run_id": made.run["id"]})
    assert (await v5.ok("GET", f"/logs/{log_id}"))["output"] == "hello"
    assert (await v5.ok("GET", f"/evaluations/{made.evaluation['id']}/logs"))["total"] == 0


async def test_the_same_span_again_is_the_same_log(api: httpx.AsyncClient, v5: V5) -> None:
    """A request may be repeated; another span is another log."""
    first = await sent(api, _TOOL, "YO87A5SuqwM=")
    assert await sent(api, _TOOL, "YO87A5SuqwM=") == first
    assert await sent(api, _TOOL, "AAAAAAAAAAA=") != first
    tool = (await v5.ok("GET", f"/logs/{first}"))["tool"]
    assert (tool["total_logs_count"], tool["version_logs_count"]) == (2, 2)


async def test_a_span_below_a_log_is_its_child(api: httpx.AsyncClient, v5: V5) -> None:
    """An unknown parent, which may have been deleted meanwhile, is left out."""
    flow = await v5.ok("POST", "/flows/log", {"path": "F", "flow": {"attributes": {}}})
    child = await sent(api, {**_TOOL, "humanloop.log.trace_parent_id": flow["id"]})
    orphan = await sent(api, {**_TOOL, "humanloop.log.trace_parent_id": "log_gone"})
    assert [item["id"] for item in (await v5.ok("GET", f"/logs/{flow['id']}"))["trace_children"]] == [child]
    assert (await v5.ok("GET", f"/logs/{orphan}"))["trace_parent_id"] is None


async def test_spans_of_other_programs_are_passed_over(api: httpx.AsyncClient) -> None:
    """They make no log, and are no error."""
    response = await api.post(_PLACE, content=body({"http.method": "GET"}))
    assert (response.status_code, response.json()) == (200, {"records": []})
    assert (await api.post(_PLACE, json={"resourceSpans": []})).json() == {"records": []}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff",
        b'{"resourceSpans": 1}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"startTimeUnixNano": "-1"}]}]}]}',
        body({"humanloop.file.type": "song", "humanloop.file.path": "x"}).encode(),
        body({"humanloop.file.type": "tool"}).encode(),
        body({**_TOOL, "humanloop.log.output": "\x00"}).encode(),
        body(
            {
                **_CALL,
                "gen_ai.input.messages": '[{"role": "user", "content": "\\u0000"}]',
                "gen_ai.prompt.0.role": "",
                "humanloop.log.messages": "x",
                "humanloop.log.error": "\ud800",
            }
        ).encode(),
    ],
)
async def test_what_cannot_be_read_is_422(api: httpx.AsyncClient, v5: V5, content: bytes) -> None:
    """In the list form, and nothing is stored."""
    response = await api.post(_PLACE, content=content)
    assert response.status_code == 422, response.text
    assert {"loc", "msg", "type"} <= set(response.json()["detail"][0])
    assert (await v5.ok("GET", "/files"))["total"] == 0


async def test_a_request_is_kept_whole_or_not_at_all(api: httpx.AsyncClient, v5: V5) -> None:
    """A span for an unknown run takes the span before it along."""
    spans = [json.loads(body(attributes)) for attributes in (_TOOL, {**_CALL, "humanloop.log.run_id": "run_unknown"})]
    content = json.dumps({"resourceSpans": [span["resourceSpans"][0] for span in spans]})
    assert (await api.post(_PLACE, content=content)).status_code == 404
    assert (await v5.ok("GET", "/files"))["total"] == 0
