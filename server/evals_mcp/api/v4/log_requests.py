"""What requests of v4 say about a log, as the fields that logs are stored with; no store."""

from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.models.model import JsonObject
from evals_mcp.models.v4.configs import V4ChatMessageRequest
from evals_mcp.models.v4.logs import (
    V4CreateEvaluationLogRequest,
    V4CreateEvaluationResultLogRequest,
    V4LogRequest,
)
from evals_mcp.store.database.identity import derived_id, new_id

_SAME_FIELDS = {
    "inputs",
    "source",
    "metadata",
    "save",
    "output",
    "judgment",
    "environment",
    "created_at",
    "error",
    "stdout",
    "prompt_tokens",
    "output_tokens",
    "prompt_cost",
    "output_cost",
    "provider_request",
    "provider_response",
    "session_id",
    "session_reference_id",
    "parent_reference_id",
    "reference_id",
}


def log_fields(request: V4CreateEvaluationLogRequest) -> dict[str, Any]:
    """The fields of a log for a datapoint; project and config are the evaluation's, whatever the log names.

    A duration is kept as the latency, a parent as the parent in the trace, the old `tool_call` of a message as one
    of its `tool_calls`; sessions with one reference have one id. Raises Invalid for another datapoint in the log.
    """
    log = request.log
    if log.source_datapoint_id not in (None, request.datapoint_id):
        raise Invalid(
            "Leave out `source_datapoint_id`, or let it be `datapoint_id`.", ("body", "log", "source_datapoint_id")
        )
    fields = log.model_dump(include=_SAME_FIELDS, exclude_unset=True, exclude_none=True)
    derived = {
        "provider_latency": log.duration,
        "trace_parent_id": log.parent_id,
        "session_id": _session_id(log),
        "messages": None if log.messages is None else [_message(message) for message in log.messages],
        "output_message": None if log.output_message is None else _message(log.output_message),
        "feedback": _feedback(log),
    }
    return fields | {name: value for name, value in derived.items() if value is not None}


def judgment_fields(request: V4CreateEvaluationResultLogRequest) -> dict[str, Any]:
    """The fields of an evaluator's log. Raises Invalid unless exactly one of `result` and `error` is given."""
    if (request.result is None) == (request.error is None):
        raise Invalid("Exactly one of `result` and `error` is needed.", ("body", "result"))
    return {"judgment": request.result} if request.error is None else {"error": request.error}


def _session_id(log: V4LogRequest) -> str | None:
    if log.session_id is not None or log.session_reference_id is None:
        return log.session_id
    return derived_id("sesh", log.session_reference_id)


def _message(message: V4ChatMessageRequest) -> JsonObject:
    content = message.model_dump(mode="json", exclude={"tool_call"}, exclude_none=True)
    if message.tool_call is not None and message.tool_calls is None:
        function = message.tool_call.model_dump(mode="json", exclude_none=True)
        content["tool_calls"] = [{"id": message.tool_call.name, "type": "function", "function": function}]
    return content


def _feedback(log: V4LogRequest) -> list[JsonObject] | None:
    if log.feedback is None:
        return None
    given = log.feedback if isinstance(log.feedback, list) else [log.feedback]
    return [{"id": new_id("ann"), **item.model_dump(mode="json", exclude_none=True)} for item in given]
