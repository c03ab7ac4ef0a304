"""Tools: versions, and the request to write one."""

from typing import Literal

from pydantic import Field

from evals_mcp.models.enums import OpenToolType, ToolType
from evals_mcp.models.evaluators import MonitoringEvaluatorResponse
from evals_mcp.models.kernels import ToolKernelRequest
from evals_mcp.models.messages import ToolFunction
from evals_mcp.models.model import Defaulted, JsonObject, Model
from evals_mcp.models.versions import EvaluatorAggregate, FileVersionResponse, InputResponse, UpsertRequest


class ToolRequest(ToolKernelRequest, UpsertRequest):
    """A tool to create or to add a version to."""

    tool_type: ToolType | None = None


class ToolResponse(FileVersionResponse):
    """A version of a tool."""

    type: Literal["tool"] = "tool"
    function: ToolFunction | None = None
    source_code: str | None = None
    setup_values: JsonObject | None = None
    attributes: JsonObject | None = None
    tool_type: OpenToolType | None = None
    signature: str | None = None
    version_logs_count: int
    total_logs_count: int
    inputs: list[InputResponse]
    evaluators: Defaulted[list[MonitoringEvaluatorResponse]] = Field(default_factory=list)
    evaluator_aggregates: Defaulted[list[EvaluatorAggregate]] = Field(default_factory=list)


class EnvironmentVariable(Model):
    """An environment variable for a tool's code."""

    name: str
    value: str


class ListTools(Model):
    """All versions of a tool."""

    records: list[ToolResponse]
