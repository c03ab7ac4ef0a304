"""v4 logs and evaluator results."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from evals_mcp.models.enums import OpenToolChoiceMode
from evals_mcp.models.judgments import Judgment
from evals_mcp.models.messages import ToolChoice
from evals_mcp.models.model import Amount, Defaulted, Integer, JsonObject, Measure, Model, UtcDatetime
from evals_mcp.models.v4.configs import (
    V4ChatMessage,
    V4ChatMessageRequest,
    V4ConfigResponse,
    V4ModelConfigRequest,
    V4ToolConfigRequest,
)

_OBSERVABILITY = {"type": "string", "enum": ["pending", "running", "completed", "failed"]}


class V4Feedback(Model):
    """Feedback on a log."""

    type: str
    value: Judgment
    data_id: str | None = None
    user: str | None = None
    created_at: UtcDatetime | None = None


class V4FeedbackResponse(V4Feedback):
    """Recorded feedback."""

    id: str


class V4FeedbackRequest(V4Feedback):
    """Feedback on the log `data_id`; with `unset`, the same feedback is taken back."""

    unset: bool | None = None


class V4LogFields(Model):
    """The fields of v4 logs in requests and responses. `duration` is in seconds."""

    project: str | None = None
    project_id: str | None = None
    session_id: str | None = None
    session_reference_id: str | None = None
    parent_id: str | None = None
    parent_reference_id: str | None = None
    inputs: Defaulted[JsonObject] = Field(default_factory=dict)
    source: str | None = None
    metadata: JsonObject | None = None
    save: Defaulted[bool] = True
    source_datapoint_id: str | None = None
    reference_id: str | None = None
    output: str | None = None
    judgment: Judgment | None = None
    config_id: str | None = None
    environment: str | None = None
    created_at: UtcDatetime | None = None
    error: str | None = None
    stdout: str | None = None
    duration: float | None = None
    prompt_tokens: Integer | None = None
    output_tokens: Integer | None = None
    prompt_cost: float | None = None
    output_cost: float | None = None
    provider_request: JsonObject | None = None
    provider_response: JsonObject | None = None


class V4LogRequest(V4LogFields):
    """A log to record. All fields are optional."""

    duration: Measure | None = None
    prompt_tokens: Amount | None = None
    output_tokens: Amount | None = None
    prompt_cost: Measure | None = None
    output_cost: Measure | None = None
    messages: list[V4ChatMessageRequest] | None = None
    output_message: V4ChatMessageRequest | None = None
    config: V4ModelConfigRequest | V4ToolConfigRequest | None = None
    feedback: V4Feedback | list[V4Feedback] | None = None


class V4UpdateLogRequest(Model):
    """Changes of a log. Null and absent fields stay unchanged."""

    output: str | None = None
    error: str | None = None
    duration: Measure | None = None


class V4CreateSessionResponse(Model):
    """A new session. It has no other data than the logs that name it."""

    id: str


class V4ToolResultResponse(Model):
    """The result of a tool call in a log."""

    id: str
    name: str
    signature: str
    result: str


class V4LogResponse(V4LogFields):
    """A log with its evaluator results."""

    id: str
    config: V4ConfigResponse
    evaluation_results: list["V4EvaluationResultResponse"]
    observability_status: Annotated[str, WithJsonSchema(_OBSERVABILITY)]
    updated_at: UtcDatetime
    messages: list[V4ChatMessage] | None = None
    output_message: V4ChatMessage | None = None
    feedback: list[V4FeedbackResponse] | None = None
    user: str | None = None
    provider_latency: float | None = None
    tokens: int | None = None
    raw_output: str | None = None
    finish_reason: str | None = None
    tools: list[V4ToolResultResponse] | None = None
    tool_choice: OpenToolChoiceMode | ToolChoice | None = None
    batch_ids: list[str] | None = None


class V4EvaluationResultResponse(Model):
    """An evaluator's judgment of a log (`value`); null if it abstained or failed (`error`)."""

    id: str
    evaluator_id: str
    evaluator_version_id: str
    log_id: str
    updated_at: UtcDatetime
    created_at: UtcDatetime
    evaluation_id: str | None = None
    log: V4LogResponse | None = None
    version_id: str | None = None
    version: Any = None
    value: Judgment | None = None
    error: str | None = None
    evaluator_log: V4LogResponse | None = None


class V4CreateEvaluationLogRequest(Model):
    """A log to record for a datapoint of the evaluated dataset."""

    datapoint_id: str
    log: V4LogRequest


class V4CreateLogResponse(Model):
    """The new log. `project_id` is its file."""

    id: str
    project_id: str
    session_id: str | None = None


class V4CreateEvaluationResultLogRequest(Model):
    """An evaluator's judgment of a log (`result`), or its error (`error`)."""

    log_id: str
    evaluator_id: str
    result: Judgment | None = None
    error: str | None = None
