"""Files of all types: the union of their responses, retrieval by path, and deployments."""

from typing import Annotated

from pydantic import Field

from evals_mcp.models.agents import AgentResponse
from evals_mcp.models.datasets import DatasetResponse
from evals_mcp.models.environments import EnvironmentResponse
from evals_mcp.models.evaluators import EvaluatorResponse
from evals_mcp.models.flows import FlowResponse
from evals_mcp.models.model import Model
from evals_mcp.models.prompts import PromptResponse
from evals_mcp.models.tools import ToolResponse

FileResponse = Annotated[
    PromptResponse | ToolResponse | DatasetResponse | EvaluatorResponse | FlowResponse | AgentResponse,
    Field(discriminator="type"),
]
"""A version of a file. `type` tells the kinds apart."""

RunVersionResponse = Annotated[
    PromptResponse | ToolResponse | EvaluatorResponse | FlowResponse | AgentResponse,
    Field(discriminator="type"),
]
"""A version that a run can evaluate. `type` tells the kinds apart."""


class RetrieveByPathRequest(Model):
    """The path of a file to find."""

    path: str


class FileEnvironmentResponse(EnvironmentResponse):
    """An environment, and the version of the file deployed to it, if any."""

    file: FileResponse | None = None
