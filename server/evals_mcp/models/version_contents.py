"""The allowed content of a version, by file type. Reads it from free JSON in a request or response."""

from contextlib import suppress

from pydantic import ValidationError

from evals_mcp.models.enums import FileType
from evals_mcp.models.evaluators import EvaluatorJudgmentNumberLimit, EvaluatorSpec, OtherEvaluator
from evals_mcp.models.kernels import (
    AgentInlineTool,
    AgentKernelRequest,
    AgentLinkedFileRequest,
    FlowKernelRequest,
    ModelParameters,
    PromptKernelRequest,
    ToolKernelRequest,
)
from evals_mcp.models.messages import ToolFunction
from evals_mcp.models.model import JsonObject, Model


class _Option(Model):
    """An option of an evaluator, with any valence."""

    name: str
    valence: str | None = None


class _OtherSpec(OtherEvaluator):
    """An evaluator specification with unknown values."""

    options: list[_Option] | None = None  # type: ignore[assignment]
    number_limits: EvaluatorJudgmentNumberLimit | None = None  # type: ignore[assignment]


class _EvaluatorContent(Model):
    """The content of an evaluator version."""

    spec: EvaluatorSpec


class _OtherEvaluatorContent(Model):
    """The same, with unknown values."""

    spec: _OtherSpec


class _OtherPromptContent(ModelParameters):
    """The content of a prompt version, with unknown values."""

    tools: list[ToolFunction] | None = None
    linked_tools: list[str] | None = None


class _OtherAgentContent(ModelParameters):
    """The content of an agent version, with unknown values."""

    tools: list[AgentLinkedFileRequest | AgentInlineTool] | None = None
    max_iterations: int | None = None


class _DatasetContent(Model):
    """The content of a dataset version without its datapoints."""

    attributes: JsonObject | None = None


_CONTENTS: dict[FileType, tuple[type[Model], ...]] = {
    "prompt": (PromptKernelRequest, _OtherPromptContent),
    "tool": (ToolKernelRequest,),
    "flow": (FlowKernelRequest,),
    "agent": (AgentKernelRequest, _OtherAgentContent),
    "evaluator": (_EvaluatorContent, _OtherEvaluatorContent),
    "dataset": (_DatasetContent,),
}


def read_version_content(file_type: FileType, content: JsonObject) -> JsonObject:
    """The content of a version in the form that its routes store. Raises ValidationError."""
    models = _CONTENTS[file_type]
    for model in models:
        with suppress(ValidationError):
            return _dumped(model.model_validate(content))
    return _dumped(models[0].model_validate(content))  # raises with the reason


def _dumped(content: Model) -> JsonObject:
    return content.model_dump(mode="json", exclude_none=not isinstance(content, _DatasetContent))
