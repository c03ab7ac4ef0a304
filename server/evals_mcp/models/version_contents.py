"""What a version may be made of, by type of file: read from free JSON, as a request or an answer has it."""

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
    """An option of an evaluator, with a valence that need not be known."""

    name: str
    valence: str | None = None


class _OtherSpec(OtherEvaluator):
    """The specification of an evaluator with words that this package does not know yet."""

    options: list[_Option] | None = None  # type: ignore[assignment]
    number_limits: EvaluatorJudgmentNumberLimit | None = None  # type: ignore[assignment]


class _EvaluatorContent(Model):
    """What identifies a version of an evaluator."""

    spec: EvaluatorSpec


class _OtherEvaluatorContent(Model):
    """The same, with words that are not known yet."""

    spec: _OtherSpec


class _OtherPromptContent(ModelParameters):
    """What identifies a version of a prompt, with words that are not known yet."""

    tools: list[ToolFunction] | None = None
    linked_tools: list[str] | None = None


class _OtherAgentContent(ModelParameters):
    """What identifies a version of an agent, with words that are not known yet."""

    tools: list[AgentLinkedFileRequest | AgentInlineTool] | None = None
    max_iterations: int | None = None


class _DatasetContent(Model):
    """What identifies a version of a dataset besides its datapoints."""

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
    """The content of a version as the routes of its type keep it. Raises ValidationError."""
    models = _CONTENTS[file_type]
    for model in models:
        with suppress(ValidationError):
            return _dumped(model.model_validate(content))
    return _dumped(models[0].model_validate(content))  # raises, and says what is wrong


def _dumped(content: Model) -> JsonObject:
    return content.model_dump(mode="json", exclude_none=not isinstance(content, _DatasetContent))
