"""v4 requests that make datasets, datapoints and evaluators."""

from typing import Any

from pydantic import Field

from evals_mcp.models.datapoints import CreateDatapointRequest
from evals_mcp.models.enums import ArgumentsType, ReturnType
from evals_mcp.models.model import Model
from evals_mcp.models.v4.configs import V4ModelConfigRequest


class V4CreateDatasetRequest(Model):
    """A dataset to create."""

    name: str
    description: str | None = None


class V4CreateDatapointsRequest(CreateDatapointRequest):
    """A datapoint to add, or logs to make datapoints of: their inputs and messages, and their output as the target."""

    log_ids: list[str] | None = None


class V4CreateEvaluatorRequest(Model):
    """An evaluator to create. The content by its `type` is `code` (python) or a model config (llm)."""

    name: str
    description: str | None = None
    arguments_type: ArgumentsType
    return_type: ReturnType
    type: str
    code: str | None = None
    llm_config: V4ModelConfigRequest | None = Field(default=None, alias="model_config")

    def spec(self, prompt: Any) -> dict[str, Any]:
        """The specification, with the content of the judge's prompt, in v5 form."""
        types = {"arguments_type": self.arguments_type, "return_type": self.return_type}
        return types | {"evaluator_type": self.type, "code": self.code, "prompt": prompt}
