"""Files of any type: the union of their answers, finding one by path, and deployments."""

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
"""A version of a file, told apart by `type`."""

RunVersionResponse = Annotated[
    PromptResponse | ToolResponse | EvaluatorResponse | FlowResponse | AgentResponse,
    Field(discriminator="type"),
]
"""A version that a run can evaluate, told apart by `type`."""


class RetrieveByPathRequest(Model):
    """The path of a file to find."""

    path: str


class FileEnvironmentResponse(EnvironmentResponse):
    """An environment, and the version of the file deployed to it, if any."""

    file: FileResponse | None = None
