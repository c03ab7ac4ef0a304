"""v4 requests about logs as the fields that the store saves. No store."""

from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.models.ids import derived_id
from evals_mcp.models.model import JsonObject
from evals_mcp.models.v4.configs import V4ChatMessageRequest
from evals_mcp.models.v4.logs import (
    V4CreateEvaluationLogRequest,
    V4CreateEvaluationResultLogRequest,
    V4Feedback,
    V4LogRequest,
)
from evals_mcp.store.database.identity import new_id

_PROJECT = {"project", "project_id", "config", "config_id"}
_DERIVED = {"duration", "parent_id", "messages", "output_message", "feedback"}


def evaluation_log_fields(request: V4CreateEvaluationLogRequest) -> dict[str, Any]:
    """The fields of a log for a datapoint. Project and config come from the evaluation, not from the request.

    Raises Invalid if the log names another datapoint.
    """
    log = request.log
    if log.source_datapoint_id not in (None, request.datapoint_id):
        raise Invalid(
            "Omit `source_datapoint_id`, or make it equal to `datapoint_id`.", ("body", "log", "source_datapoint_id")
        )
    return log_fields(log)


def log_fields(log: V4LogRequest) -> dict[str, Any]:
    """The fields of a log other than its project and config.

    A duration becomes the latency, a parent the parent in the trace, and the old `tool_call` of a message one of its
    `tool_calls`. Sessions with the same reference share one id.
    """
    fields = log.model_dump(exclude=_PROJECT | _DERIVED, exclude_unset=True, exclude_none=True)
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
        raise Invalid("Give exactly one of `result` and `error`.", ("body", "result"))
    return {"judgment": request.result} if request.error is None else {"error": request.error}


def session_of(reference_id: str) -> str:
    """The id of the session with this reference."""
    return derived_id("sesh", reference_id)


def _session_id(log: V4LogRequest) -> str | None:
    if log.session_id is not None or log.session_reference_id is None:
        return log.session_id
    return session_of(log.session_reference_id)


def _message(message: V4ChatMessageRequest) -> JsonObject:
    content = message.model_dump(mode="json", exclude={"tool_call"}, exclude_none=True)
    if message.tool_call is not None and message.tool_calls is None:
        function = message.tool_call.model_dump(mode="json", exclude_none=True)
        content["tool_calls"] = [{"id": message.tool_call.name, "type": "function", "function": function}]
    return content


def feedback_item(feedback: V4Feedback) -> JsonObject:
    """Feedback as a log keeps it, with an id."""
    return {
        "id": new_id("ann"),
        **feedback.model_dump(mode="json", include=set(V4Feedback.model_fields), exclude_none=True),
    }


def _feedback(log: V4LogRequest) -> list[JsonObject] | None:
    if log.feedback is None:
        return None
    given = log.feedback if isinstance(log.feedback, list) else [log.feedback]
    return [feedback_item(item) for item in given]
