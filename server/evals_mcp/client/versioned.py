"""Prompts, flows, tools, agents and evaluators: create versions of them, and log their calls."""

from typing import Generic, TypeVar

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.models.agents import AgentRequest, AgentResponse
from evals_mcp.models.evaluators import EvaluatorRequest, EvaluatorResponse
from evals_mcp.models.flows import FlowRequest, FlowResponse
from evals_mcp.models.log_requests import (
    AgentLogRequest,
    CreateAgentLogResponse,
    CreateEvaluatorLogResponse,
    CreateFlowLogResponse,
    CreatePromptLogResponse,
    CreateToolLogResponse,
    EvaluatorLogRequest,
    FlowLogRequest,
    PromptLogRequest,
    ToolLogRequest,
)
from evals_mcp.models.model import Model
from evals_mcp.models.prompts import PromptRequest, PromptResponse
from evals_mcp.models.tools import ToolRequest, ToolResponse

Request = TypeVar("Request", bound=Model)
Version = TypeVar("Version")
LogRequest = TypeVar("LogRequest", bound=Model)
CreatedLog = TypeVar("CreatedLog")

_PROMPT, _PROMPT_LOG = TypeAdapter(PromptResponse), TypeAdapter(CreatePromptLogResponse)
_FLOW, _FLOW_LOG = TypeAdapter(FlowResponse), TypeAdapter(CreateFlowLogResponse)
_TOOL, _TOOL_LOG = TypeAdapter(ToolResponse), TypeAdapter(CreateToolLogResponse)
_AGENT, _AGENT_LOG = TypeAdapter(AgentResponse), TypeAdapter(CreateAgentLogResponse)
_EVALUATOR, _EVALUATOR_LOG = TypeAdapter(EvaluatorResponse), TypeAdapter(CreateEvaluatorLogResponse)


class VersionedFiles(Endpoints, Generic[Request, Version, LogRequest, CreatedLog]):
    """The files of one type, whose name in paths is `_noun`."""

    _noun: str
    _version: TypeAdapter[Version]
    _created_log: TypeAdapter[CreatedLog]

    async def upsert(self, request: Request) -> Version:
        """Create a file or a new version of it. The same content gives the same version. Raises Conflict."""
        return await self._connection.send("POST", (self._noun,), self._version, request)

    async def log(
        self, request: LogRequest, *, version_id: str | None = None, environment: str | None = None
    ) -> CreatedLog:
        """Record a log of a version: the given one, the content in the request, or the default one.

        Raises NotFound, and Conflict for a taken log id.
        """
        return await self._log(request, version_id, environment)

    async def _log(
        self, body: Model | dict[str, object], version_id: str | None, environment: str | None
    ) -> CreatedLog:
        query = {"version_id": version_id, "environment": environment}
        return await self._connection.send("POST", (self._noun, "log"), self._created_log, body, query)


class Prompts(VersionedFiles[PromptRequest, PromptResponse, PromptLogRequest, CreatePromptLogResponse]):
    """The prompts of a server."""

    _noun, _version, _created_log = "prompts", _PROMPT, _PROMPT_LOG


class Flows(VersionedFiles[FlowRequest, FlowResponse, FlowLogRequest, CreateFlowLogResponse]):
    """The flows of a server."""

    _noun, _version, _created_log = "flows", _FLOW, _FLOW_LOG


class Tools(VersionedFiles[ToolRequest, ToolResponse, ToolLogRequest, CreateToolLogResponse]):
    """The tools of a server."""

    _noun, _version, _created_log = "tools", _TOOL, _TOOL_LOG


class Agents(VersionedFiles[AgentRequest, AgentResponse, AgentLogRequest, CreateAgentLogResponse]):
    """The agents of a server."""

    _noun, _version, _created_log = "agents", _AGENT, _AGENT_LOG


class Evaluators(VersionedFiles[EvaluatorRequest, EvaluatorResponse, EvaluatorLogRequest, CreateEvaluatorLogResponse]):
    """The evaluators of a server."""

    _noun, _version, _created_log = "evaluators", _EVALUATOR, _EVALUATOR_LOG

    async def log(
        self, request: EvaluatorLogRequest, *, version_id: str | None = None, environment: str | None = None
    ) -> CreateEvaluatorLogResponse:
        """Record a judgment of a log. A given null judgment is sent, as an abstention. Raises NotFound."""
        body = request.model_dump(mode="json", exclude_none=True)
        if "judgment" in request.model_fields_set:
            body.setdefault("judgment", None)
        return await self._log(body, version_id, environment)
