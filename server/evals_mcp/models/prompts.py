"""Prompts: versions, and the request to write one."""

from typing import Literal

from pydantic import Field

from evals_mcp.models.evaluators import MonitoringEvaluatorResponse
from evals_mcp.models.kernels import ModelParameters, PromptKernelRequest
from evals_mcp.models.messages import ChatMessage, ToolFunction
from evals_mcp.models.model import Defaulted, Model
from evals_mcp.models.versions import EvaluatorAggregate, FileVersionResponse, InputResponse, UpsertRequest


class PromptRequest(PromptKernelRequest, UpsertRequest):
    """A prompt to create or to add a version to."""


class LinkedToolResponse(ToolFunction):
    """A tool of a prompt that is a separate file."""

    id: str
    version_id: str


class PromptResponse(ModelParameters, FileVersionResponse):
    """A version of a prompt."""

    type: Literal["prompt"] = "prompt"
    tools: list[ToolFunction] | None = None
    linked_tools: list[LinkedToolResponse] | None = None
    version_logs_count: int
    total_logs_count: int
    inputs: list[InputResponse]
    evaluators: Defaulted[list[MonitoringEvaluatorResponse]] = Field(default_factory=list)
    evaluator_aggregates: Defaulted[list[EvaluatorAggregate]] = Field(default_factory=list)
    raw_file_content: str | None = None


class PopulateTemplateResponse(PromptResponse):
    """A version of a prompt, and its template with the variables filled in; null without a template."""

    populated_template: str | list[ChatMessage] | None = None


class DeserializePromptRequest(Model):
    """The text of a `.prompt` file to read."""

    prompt: str


class ListPrompts(Model):
    """All versions of a prompt."""

    records: list[PromptResponse]
