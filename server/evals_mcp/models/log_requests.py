"""Requests that write logs, and their short responses. `logs` has the responses of reads."""

from typing import Annotated, Any

from pydantic import Field

from evals_mcp.errors import Invalid
from evals_mcp.models.enums import LogStatus, OpenLogStatus, ToolChoiceMode
from evals_mcp.models.evaluators import EvaluatorSpec
from evals_mcp.models.judgments import Judgment, Samples
from evals_mcp.models.kernels import (
    AgentKernelRequest,
    FlowKernelRequest,
    PromptKernelRequest,
    ToolKernelRequest,
)
from evals_mcp.models.messages import ChatMessageRequest, ToolChoice
from evals_mcp.models.model import Amount, Defaulted, Measure, Model, StoredObject, UtcDatetime


class LogContentRequest(Model):
    """The content of all logs: one call. `provider_latency` is in seconds."""

    start_time: UtcDatetime | None = None
    end_time: UtcDatetime | None = None
    output: str | None = None
    created_at: UtcDatetime | None = None
    error: str | None = None
    provider_latency: Measure | None = None
    stdout: str | None = None
    provider_request: StoredObject | None = None
    provider_response: StoredObject | None = None
    inputs: StoredObject | None = None
    source: str | None = None
    metadata: StoredObject | None = None
    log_status: LogStatus | None = None


class UsageRequest(Model):
    """What a log used. Costs are in US dollars. Our own `cached_tokens` are part of the prompt's."""

    prompt_tokens: Amount | None = None
    reasoning_tokens: Amount | None = None
    output_tokens: Amount | None = None
    cached_tokens: Amount | None = None
    prompt_cost: Measure | None = None
    output_cost: Measure | None = None


class FinishedUsageRequest(UsageRequest):
    """What a log used, and why the model stopped. Our own for flow and tool logs."""

    finish_reason: str | None = None


class ModelLogContentRequest(FinishedUsageRequest, LogContentRequest):
    """Additional fields of prompt and agent logs."""

    output_message: ChatMessageRequest | None = None
    messages: list[ChatMessageRequest] | None = None
    tool_choice: ToolChoiceMode | ToolChoice | None = None


class LogRequest(LogContentRequest):
    """The other fields of a new log: its file, its position in a trace, and labels.

    `environment` is only a label here. The query selects the version.
    """

    path: str | None = None
    id: str | None = None
    source_datapoint_id: str | None = None
    trace_parent_id: str | None = None
    user: str | None = None
    environment: str | None = None
    save: Defaulted[bool] = True
    log_id: Annotated[str, Field(max_length=500)] | None = None


class PromptLogRequest(ModelLogContentRequest, LogRequest):
    """A log of a prompt. `prompt` is its kernel or the text of a `.prompt` file."""

    run_id: str | None = None
    prompt: PromptKernelRequest | str | None = None


class AgentLogRequest(ModelLogContentRequest, LogRequest):
    """A log of an agent. `agent` is its kernel or the text of an `.agent` file."""

    run_id: str | None = None
    agent: AgentKernelRequest | str | None = None


class FlowStatus(Model):
    """The status of a flow's log. `trace_status` is its name in SDKs before 0.8.27; `log_status` overrides it."""

    log_status: LogStatus | None = None
    trace_status: LogStatus | None = None

    def given(self) -> dict[str, Any]:
        """The given fields, with the status under its present name."""
        fields = super().given()
        older = fields.pop("trace_status", None)
        return fields if older is None else {"log_status": older} | fields


class FlowLogRequest(FlowStatus, FinishedUsageRequest, LogRequest):
    """A log of a flow. Without a status it is incomplete until it is closed."""

    run_id: str | None = None
    flow: FlowKernelRequest | None = None
    messages: list[ChatMessageRequest] | None = None
    output_message: ChatMessageRequest | None = None


class ToolLogRequest(FinishedUsageRequest, LogRequest):
    """A log of a tool. It cannot name a run."""

    tool: ToolKernelRequest | None = None


class EvaluatorLogRequest(UsageRequest, LogRequest):
    """A judgment of the log `parent_id`. Null is an abstention; `error` is a failed judgment.

    The output explains the judgment; `explanation` is another name for it. Tokens and costs are those of the judge.
    Our own are `score`, `passed` and `threshold` beside the judgment, and the `samples` that it sums up.
    """

    parent_id: str
    spec: EvaluatorSpec | None = None
    output_message: ChatMessageRequest | None = None
    judgment: Judgment | None = None
    score: float | None = None
    passed: bool | None = None
    threshold: float | None = None
    samples: Samples | None = None
    marked_completed: bool | None = None
    explanation: str | None = None

    def given(self) -> dict[str, Any]:
        """The given fields, with the explanation as the output. Raises Invalid (422) if there are two explanations."""
        fields = super().given()
        explanation = fields.pop("explanation", None)
        if explanation is None:
            return fields
        if fields.get("output") not in (None, explanation) or "output_message" in fields:
            raise Invalid("Give the explanation as `explanation` or as the output, not both.", ("body", "explanation"))
        return fields | {"output": explanation}


class UpdatePromptLogRequest(ModelLogContentRequest):
    """Changes of a prompt log. Null and absent fields stay unchanged."""


class UpdateToolLogRequest(FinishedUsageRequest, LogContentRequest):
    """Changes of a tool log. Null and absent fields stay unchanged."""


class UpdateFlowLogRequest(FlowStatus, FinishedUsageRequest):
    """Changes of a flow or agent log. Null and absent fields stay unchanged."""

    messages: list[ChatMessageRequest] | None = None
    output_message: ChatMessageRequest | None = None
    inputs: StoredObject | None = None
    output: str | None = None
    error: str | None = None


class CreatePromptLogResponse(Model):
    """The new log of a prompt."""

    id: str
    prompt_id: str
    version_id: str
    session_id: str | None = None


class CreateToolLogResponse(Model):
    """The new log of a tool."""

    id: str
    tool_id: str
    version_id: str
    session_id: str | None = None


class CreateFlowLogResponse(Model):
    """The new log of a flow. `trace_status` repeats its status for older SDKs."""

    id: str
    flow_id: str
    version_id: str
    log_status: OpenLogStatus | None = None
    trace_status: OpenLogStatus | None = None


class CreateEvaluatorLogResponse(Model):
    """The new log of an evaluator, and the log that it judges."""

    id: str
    parent_id: str
    version_id: str
    session_id: str | None = None


class CreateAgentLogResponse(Model):
    """The new log of an agent."""

    id: str
    agent_id: str
    version_id: str
    log_status: OpenLogStatus | None = None
