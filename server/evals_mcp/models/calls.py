"""Responses of prompt calls, as documented. This server calls no models yet."""

from evals_mcp.models.enums import OpenLogStatus, OpenToolChoiceMode
from evals_mcp.models.messages import ChatMessage, ToolChoice
from evals_mcp.models.model import JsonObject, Model, UtcDatetime
from evals_mcp.models.prompts import PromptResponse


class PromptCallLogResponse(Model):
    """One sample of a call."""

    index: int
    output: str | None = None
    created_at: UtcDatetime | None = None
    error: str | None = None
    provider_latency: float | None = None
    stdout: str | None = None
    output_message: ChatMessage | None = None
    prompt_tokens: int | None = None
    reasoning_tokens: int | None = None
    output_tokens: int | None = None
    prompt_cost: float | None = None
    output_cost: float | None = None
    finish_reason: str | None = None


class PromptCallResponse(Model):
    """The log of a call, with one sample for each output of the model."""

    prompt: PromptResponse
    id: str
    logs: list[PromptCallLogResponse]
    start_time: UtcDatetime | None = None
    end_time: UtcDatetime | None = None
    messages: list[ChatMessage] | None = None
    tool_choice: OpenToolChoiceMode | ToolChoice | None = None
    inputs: JsonObject | None = None
    source: str | None = None
    metadata: JsonObject | None = None
    log_status: OpenLogStatus | None = None
    source_datapoint_id: str | None = None
    trace_parent_id: str | None = None
    user: str | None = None
    environment: str | None = None
    save: bool | None = None
    log_id: str | None = None
    trace_id: str | None = None
