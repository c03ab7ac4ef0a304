"""Logs in responses: one model for each file type, told apart by their file."""

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from evals_mcp.models.agents import AgentResponse
from evals_mcp.models.enums import OpenLogStatus, OpenToolChoiceMode
from evals_mcp.models.evaluators import EvaluatorResponse
from evals_mcp.models.flows import FlowResponse
from evals_mcp.models.judgments import Judgment, Samples
from evals_mcp.models.message_parts import message_text
from evals_mcp.models.messages import ChatMessage, ToolChoice
from evals_mcp.models.model import Added, JsonObject, Model, UtcDatetime
from evals_mcp.models.prompts import PromptResponse
from evals_mcp.models.tools import ToolResponse

DEEPEST_TRACE = 64
"""The most nested levels of a trace in a response. Get a log at that level for the levels below."""


class LogFields(Model):
    """The fields of all logs. Times are UTC, `provider_latency` is in seconds, `environment` is only a label."""

    id: str
    evaluator_logs: list["EvaluatorLogResponse"]
    start_time: UtcDatetime | None = None
    end_time: UtcDatetime | None = None
    output: str | None = None
    output_message: ChatMessage | None = None
    created_at: UtcDatetime | None = None
    error: str | None = None
    provider_latency: float | None = None
    stdout: str | None = None
    provider_request: JsonObject | None = None
    provider_response: JsonObject | None = None
    inputs: JsonObject | None = None
    source: str | None = None
    metadata: JsonObject | None = None
    log_status: OpenLogStatus | None = None
    source_datapoint_id: str | None = None
    trace_parent_id: str | None = None
    batches: list[str] | None = None
    user: str | None = None
    environment: str | None = None
    save: bool | None = None
    log_id: str | None = None
    trace_flow_id: str | None = None
    trace_id: str | None = None
    trace_children: "list[LogResponse] | None" = None


class ModelLogFields(LogFields):
    """Additional fields of prompt and agent logs: messages, tokens, and costs in US dollars."""

    messages: list[ChatMessage] | None = None
    tool_choice: OpenToolChoiceMode | ToolChoice | None = None
    prompt_tokens: int | None = None
    reasoning_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: Added[int] = None
    prompt_cost: float | None = None
    output_cost: float | None = None
    finish_reason: str | None = None


class AddedUsage(Model):
    """What a whole log used, for logs that have no such fields at Humanloop. Costs are in US dollars."""

    prompt_tokens: Added[int] = None
    reasoning_tokens: Added[int] = None
    output_tokens: Added[int] = None
    cached_tokens: Added[int] = None
    prompt_cost: Added[float] = None
    output_cost: Added[float] = None
    finish_reason: Added[str] = None


class PromptLogResponse(ModelLogFields):
    """A log of a prompt."""

    prompt: PromptResponse


class ToolLogResponse(LogFields, AddedUsage):
    """A log of a tool."""

    tool: ToolResponse


class FlowLogResponse(LogFields, AddedUsage):
    """A log of a flow: the root or an inner node of a trace. `trace_status` repeats its status for older SDKs."""

    flow: FlowResponse
    trace_status: OpenLogStatus | None = None
    messages: list[ChatMessage] | None = None


class AgentLogResponse(ModelLogFields):
    """A log of an agent."""

    agent: AgentResponse


class EvaluatorLogResponse(LogFields):
    """An evaluator log: a judgment of the log `parent_id`; null if it abstained or failed (`error`).

    Our own are `score`, `passed`, `threshold`, and the `samples` that the judgment sums up.
    """

    evaluator: EvaluatorResponse
    parent_id: str | None = None
    judgment: Judgment | None = None
    score: Added[float] = None
    passed: Added[bool] = None
    threshold: Added[float] = None
    samples: Added[Samples] = None
    marked_completed: bool | None = None
    prompt_tokens: int | None = None
    reasoning_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: Added[int] = None
    prompt_cost: float | None = None
    output_cost: float | None = None
    parent: "LogResponse | None" = None


def log_kind(log: Any) -> str | None:
    """The file type of a log (JSON or model); None if it has no file."""
    for kind in ("prompt", "evaluator", "flow", "tool", "agent"):
        if (log.get(kind) if isinstance(log, dict) else getattr(log, kind, None)) is not None:
            return kind
    return None


def log_output(log: Any) -> str | None:
    """The output of a log as text: `output`, or the text of its output message."""
    if log.output is not None:
        return str(log.output)
    message = None if log.output_message is None else log.output_message.model_dump(mode="json", exclude_none=True)
    return None if message is None else message_text(message.get("content"))


def log_latency(log: Any) -> float | None:
    """The latency of a log in seconds: the provider's if known, else the time from start to end."""
    if log.provider_latency is not None:
        return float(log.provider_latency)
    start, end = log.start_time, log.end_time
    return None if start is None or end is None or end < start else float((end - start).total_seconds())


LogResponse = Annotated[
    Annotated[PromptLogResponse, Tag("prompt")]
    | Annotated[ToolLogResponse, Tag("tool")]
    | Annotated[EvaluatorLogResponse, Tag("evaluator")]
    | Annotated[FlowLogResponse, Tag("flow")]
    | Annotated[AgentLogResponse, Tag("agent")],
    Discriminator(log_kind),
]
"""A log of any file type, told apart by its file."""
