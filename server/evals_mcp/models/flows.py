"""Flows: versions, and the request to write one."""

from typing import Literal

from pydantic import Field

from evals_mcp.models.evaluators import MonitoringEvaluatorResponse
from evals_mcp.models.kernels import FlowKernelRequest
from evals_mcp.models.model import Defaulted, JsonObject, Model
from evals_mcp.models.versions import EvaluatorAggregate, FileVersionResponse, UpsertRequest


class FlowRequest(FlowKernelRequest, UpsertRequest):
    """A flow to create or to add a version to."""


class FlowResponse(FileVersionResponse):
    """A version of a flow."""

    type: Literal["flow"] = "flow"
    attributes: JsonObject
    version_logs_count: int
    evaluators: Defaulted[list[MonitoringEvaluatorResponse]] = Field(default_factory=list)
    evaluator_aggregates: Defaulted[list[EvaluatorAggregate]] = Field(default_factory=list)


class ListFlows(Model):
    """All versions of a flow."""

    records: list[FlowResponse]
