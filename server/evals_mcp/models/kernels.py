"""Kernels: the content that identifies a version of a prompt, tool, flow or agent.

Each kernel request has `kernel()`: its content as JSON values, without null and absent keys.
Nulls inside free objects (`attributes`, JSON schemas) are content and stay.
"""

from typing import Literal

from evals_mcp.models.enums import (
    ModelEndpoint,
    ModelProvider,
    OnAgentCall,
    OpenModelEndpoint,
    OpenModelProvider,
    OpenReasoningEffort,
    OpenTemplateLanguage,
    ReasoningEffort,
    TemplateLanguage,
)
from evals_mcp.models.messages import (
    ChatMessage,
    ChatMessageRequest,
    ResponseFormat,
    ResponseFormatRequest,
    ToolFunction,
)
from evals_mcp.models.model import Defaulted, Integer, JsonObject, Model


class ModelParameters(Model):
    """The parameters of a model call, in a response. Shared by prompts and agents."""

    model: str
    endpoint: OpenModelEndpoint | None = None
    template: str | list[ChatMessage] | None = None
    template_language: OpenTemplateLanguage | None = None
    provider: OpenModelProvider | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    other: JsonObject | None = None
    seed: int | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: OpenReasoningEffort | int | None = None
    attributes: JsonObject | None = None


class ModelParametersRequest(ModelParameters):
    """The parameters of a model call, in a request: unknown values are refused."""

    endpoint: ModelEndpoint | None = None
    template: str | list[ChatMessageRequest] | None = None  # type: ignore[assignment]
    template_language: TemplateLanguage | None = None
    provider: ModelProvider | None = None
    max_tokens: Integer | None = None
    seed: Integer | None = None
    response_format: ResponseFormatRequest | None = None
    reasoning_effort: ReasoningEffort | Integer | None = None


class PromptKernelRequest(ModelParametersRequest):
    """The content of a prompt version. `linked_tools` are ids of tool versions."""

    tools: list[ToolFunction] | None = None
    linked_tools: list[str] | None = None

    def kernel(self) -> JsonObject:
        """The content that identifies the version."""
        return _content(self, PromptKernelRequest)


class ToolKernelRequest(Model):
    """The content of a tool version."""

    function: ToolFunction | None = None
    source_code: str | None = None
    setup_values: JsonObject | None = None
    attributes: JsonObject | None = None

    def kernel(self) -> JsonObject:
        """The content that identifies the version."""
        return _content(self, ToolKernelRequest)


class FlowKernelRequest(Model):
    """The content of a flow version."""

    attributes: JsonObject

    def kernel(self) -> JsonObject:
        """The content that identifies the version."""
        return _content(self, FlowKernelRequest)


class LinkedFileRequest(Model):
    """A file that an agent may call: one version, or the one deployed to an environment."""

    file_id: str
    environment_id: str | None = None
    version_id: str | None = None


class AgentLinkedFileRequest(Model):
    """A tool of an agent that is a separate file."""

    type: Defaulted[Literal["file"]] = "file"
    link: LinkedFileRequest
    on_agent_call: OnAgentCall | None = None


class AgentInlineTool(Model):
    """A tool of an agent that is only a schema."""

    type: Defaulted[Literal["inline"]] = "inline"
    json_schema: ToolFunction
    on_agent_call: OnAgentCall | None = None


class AgentKernelRequest(ModelParametersRequest):
    """The content of an agent version."""

    tools: list[AgentLinkedFileRequest | AgentInlineTool] | None = None
    max_iterations: Integer | None = None

    def kernel(self) -> JsonObject:
        """The content that identifies the version."""
        return _content(self, AgentKernelRequest)


def _content(model: Model, kernel: type[Model]) -> JsonObject:
    return model.model_dump(mode="json", include=set(kernel.model_fields), exclude_none=True)
