"""Prompt calls: the request and the response."""

from evals_mcp.models.enums import LogStatus, OpenLogStatus, OpenToolChoiceMode, ToolChoiceMode
from evals_mcp.models.kernels import PromptKernelRequest
from evals_mcp.models.messages import ChatMessage, ChatMessageRequest, ToolChoice
from evals_mcp.models.model import Defaulted, Integer, JsonObject, Model, UtcDatetime
from evals_mcp.models.prompts import PromptResponse
from evals_mcp.models.references import Target
from evals_mcp.models.versions import file_target


class PromptCallRequest(Model):
    """A call of a prompt. `prompt` is its kernel or the text of a `.prompt` file."""

    path: str | None = None
    id: str | None = None
    messages: list[ChatMessageRequest] | None = None
    tool_choice: ToolChoiceMode | ToolChoice | None = None
    prompt: PromptKernelRequest | str | None = None
    inputs: JsonObject | None = None
    source: str | None = None
    metadata: JsonObject | None = None
    start_time: UtcDatetime | None = None
    end_time: UtcDatetime | None = None
    log_status: LogStatus | None = None
    source_datapoint_id: str | None = None
    trace_parent_id: str | None = None
    user: str | None = None
    environment: str | None = None
    save: Defaulted[bool] = True
    log_id: str | None = None
    provider_api_keys: dict[str, str] | None = None
    num_samples: Defaulted[Integer] = 1
    return_inputs: Defaulted[bool] = True
    logprobs: Integer | None = None
    suffix: str | None = None
    stream: Defaulted[bool] = False

    def target(self) -> Target:
        """The prompt to call, by id or path. Raises Invalid (422) if neither is given."""
        return file_target(self.id, self.path)


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
