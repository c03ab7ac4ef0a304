"""Agents: versions, and the request to write one."""

from typing import Any, Literal

from pydantic import Field

from evals_mcp.models.enums import OpenVersionStatus
from evals_mcp.models.evaluators import MonitoringEvaluatorResponse
from evals_mcp.models.kernels import (
    AgentInlineTool,
    AgentKernelRequest,
    AgentLinkedFileRequest,
    ModelParameters,
)
from evals_mcp.models.model import Defaulted, JsonObject, Model, UtcDatetime
from evals_mcp.models.versions import EvaluatorAggregate, FileVersionResponse, InputResponse, UpsertRequest


class AgentRequest(AgentKernelRequest, UpsertRequest):
    """An agent to create or to add a version to."""


class AgentLinkedFileResponse(AgentLinkedFileRequest):
    """A tool of an agent that is a separate file. `file` is that file."""

    file: JsonObject | None = None


class AgentResponse(ModelParameters, FileVersionResponse):
    """A version of an agent."""

    type: Literal["agent"] = "agent"
    tools: list[AgentLinkedFileResponse | AgentInlineTool]
    max_iterations: int | None = None
    status: OpenVersionStatus
    version_logs_count: int
    total_logs_count: int
    inputs: list[InputResponse]
    committed_by: Any = None
    committed_at: UtcDatetime | None = None
    evaluators: Defaulted[list[MonitoringEvaluatorResponse]] = Field(default_factory=list)
    evaluator_aggregates: Defaulted[list[EvaluatorAggregate]] = Field(default_factory=list)
    raw_file_content: str | None = None


class DeserializeAgentRequest(Model):
    """The text of an `.agent` file to read."""

    agent: str


class ListAgents(Model):
    """All versions of an agent."""

    records: list[AgentResponse]
