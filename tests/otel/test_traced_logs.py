"""Spans to logs; how they are stored is tested with the route."""

from typing import Any

import pytest

from evals_mcp.errors import Invalid
from evals_mcp.models.traces import TracesRequest
from evals_mcp.otel.traced_logs import TracedLog, read_traces


def _read(attributes: dict[str, Any], **span: Any) -> TracedLog:
    (log,) = _logs(attributes, **span)
    return log


def _logs(attributes: dict[str, Any], **span: Any) -> list[TracedLog]:
    values = [
        {"key": key, "value": value if isinstance(value, dict) else {"stringValue": value}}
        for key, value in attributes.items()
    ]
    request = {"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": values, **span}]}]}]}
    return read_traces(TracesRequest.model_validate(request))


_FLOW = {"humanloop.file.type": "flow", "humanloop.file.path": "f"}


def test_values_of_every_type_are_read() -> None:
    """Other programs send numbers and booleans as such."""
    log = _read(
        {
            **_FLOW,
            "humanloop.log.inputs.n": {"intValue": "7"},
            "humanloop.log.inputs.x": {"doubleValue": 0.5},
            "humanloop.log.inputs.b": {"boolValue": False},
            "humanloop.log.inputs.l": {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": 1}]}},
            "humanloop.log.inputs.none": {},
            "humanloop.log.output": "done",
        }
    )
    assert log.fields["inputs"] == {"n": 7, "x": 0.5, "b": False, "l": ["a", 1]}


def test_inputs_are_an_object_whatever_their_names() -> None:
    """Numbers as names make no list of them; lists inside are lists."""
    log = _read({**_FLOW, "humanloop.log.inputs.0": "a", "humanloop.log.inputs.1.0.b": "c"})
    assert log.fields["inputs"] == {"0": "a", "1": [{"b": "c"}]}


def test_messages_are_lists() -> None:
    """With their calls of tools."""
    log = _read(
        {
            **_FLOW,
            "humanloop.log.messages.0.role": "assistant",
            "humanloop.log.messages.0.tool_calls.0.id": "c",
            "humanloop.log.messages.0.tool_calls.0.function.name": "f",
            "humanloop.log.messages.0.tool_calls.0.function.arguments": "{}",
        }
    )
    assert log.fields["messages"][0]["tool_calls"][0]["function"] == {"name": "f", "arguments": "{}"}


def test_a_field_that_does_not_fit_is_left_out() -> None:
    """The log is worth more than it."""
    log = _read(
        {**_FLOW, "humanloop.log.messages": "text", "humanloop.log.log_status": "odd", "humanloop.log.output": "x"}
    )
    assert "messages" not in log.fields
    assert (log.fields["output"], log.kernel) == ("x", None)


def test_times_failures_and_ids_are_those_of_the_span() -> None:
    """A failed span is a failed log, unless the log says its own error."""
    failed = {"status": {"code": "STATUS_CODE_ERROR", "message": "refused"}, "traceId": "t", "spanId": "s"}
    log = _read(_FLOW, startTimeUnixNano="1000000000", endTimeUnixNano=2_000_000_000, **failed)
    assert (log.fields["error"], log.trace_id, log.span_id) == ("refused", "t", "s")
    assert (log.fields["end_time"] - log.fields["start_time"]).total_seconds() == 1
    assert _read({**_FLOW, "humanloop.log.error": "own"}, **failed).fields["error"] == "own"
    assert "error" not in _read({**_FLOW, "humanloop.log.output": "x"}, status={"code": 1}).fields


def test_a_flow_span_that_says_nothing_of_a_log_is_passed_over() -> None:
    """So ends the span of a flow that its decorator gave up, behind the deletion of the log."""
    assert _logs(_FLOW) == []


def test_a_tool_without_parameters_has_an_empty_schema() -> None:
    """Nothing empty survives flattening."""
    log = _read(
        {
            "humanloop.file.type": "tool",
            "humanloop.file.path": "t",
            "humanloop.file.function.name": "f",
            "humanloop.file.function.description": "",
            "humanloop.file.function.strict": "False",
            "humanloop.file.function.parameters.type": "object",
            "humanloop.file.function.parameters.additionalProperties": "False",
        }
    )
    assert log.kernel is not None
    assert log.kernel["function"]["parameters"] == {
        "type": "object",
        "additionalProperties": False,
        "properties": {},
        "required": [],
    }


def test_what_a_span_says_of_its_prompt_wins() -> None:
    """Over what its model call says."""
    log = _read(
        {
            "humanloop.file.type": "prompt",
            "humanloop.file.path": "p",
            "humanloop.file.model": "mine",
            "gen_ai.request.model": "other",
            "gen_ai.request.temperature": "1",
            "gen_ai.request.max_tokens": "NOT_GIVEN",
        }
    )
    assert log.kernel == {"model": "mine", "temperature": 1.0}


@pytest.mark.parametrize(
    "attributes",
    [
        {"humanloop.file.path": "x"},
        {"humanloop.file.type": "dataset", "humanloop.file.path": "x"},
        {"humanloop.file.type": "flow"},
        {"humanloop.file.type": "flow", "humanloop.file.path": {"intValue": 1}},
        {**_FLOW, "humanloop.log.output": "\x00"},
    ],
)
def test_spans_that_name_no_file_are_refused(attributes: dict[str, Any]) -> None:
    """With the place in the body."""
    with pytest.raises(Invalid) as caught:
        _read(attributes)
    assert caught.value.location[:2] == ("body", "resourceSpans")
