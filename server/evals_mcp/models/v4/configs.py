"""v4 configs, which are versions in v5: in responses and in log requests."""

from typing import Annotated, Any, Literal

from pydantic import Field

from evals_mcp.models.enums import (
    ModelEndpoint,
    ModelProvider,
    OpenArgumentsType,
    OpenModelEndpoint,
    OpenModelProvider,
    OpenReturnType,
)
from evals_mcp.models.messages import (
    ChatMessage,
    ChatMessageRequest,
    FunctionTool,
    ResponseFormat,
    ResponseFormatRequest,
)
from evals_mcp.models.model import Defaulted, Integer, JsonObject, Model


class V4ChatMessage(ChatMessage):
    """A message in a v4 response. `tool_call` is the old form of `tool_calls`."""

    tool_call: FunctionTool | None = None


class V4ChatMessageRequest(ChatMessageRequest):
    """A message in a v4 request. `tool_call` is the old form of `tool_calls`."""

    tool_call: FunctionTool | None = None


class V4ToolConfigFields(Model):
    """The fields of all tool configs. `parameters` is a JSON schema."""

    name: str
    description: str | None = None
    parameters: JsonObject | None = None
    source: str | None = None
    source_code: str | None = None
    other: JsonObject | None = None
    preset_name: str | None = None


class V4ToolConfigRequest(V4ToolConfigFields):
    """The config of a tool in a log request."""

    type: Literal["tool"]
    strict: bool | None = None


class V4ModelConfigRequest(Model):
    """The config of a model in a log request, with v4's defaults for numbers."""

    type: Defaulted[Literal["model"]] = "model"
    model: str
    name: str | None = None
    description: str | None = None
    provider: Defaulted[ModelProvider] = "openai"
    max_tokens: Defaulted[Integer] = -1
    temperature: Defaulted[float] = 1
    top_p: Defaulted[float] = 1
    stop: str | list[str] | None = None
    presence_penalty: Defaulted[float] = 0
    frequency_penalty: Defaulted[float] = 0
    other: Defaulted[JsonObject] = Field(default_factory=dict)
    seed: Integer | None = None
    response_format: ResponseFormatRequest | None = None
    prompt_template: str | None = None
    chat_template: list[V4ChatMessageRequest] | None = None
    tools: list[V4ToolConfigRequest] | None = None
    endpoint: ModelEndpoint | None = None


class V4ToolConfigResponse(V4ToolConfigFields):
    """A version of a tool."""

    id: str
    type: Literal["tool"] = "tool"
    status: str
    created_by: Any = None
    setup_schema: JsonObject | None = None
    signature: str | None = None
    is_preset: bool | None = None


class V4ModelConfigResponse(Model):
    """A version of a prompt. Null fields have v4's defaults."""

    id: str
    type: Literal["model"] = "model"
    model: str
    other: Defaulted[JsonObject] = Field(default_factory=dict)
    name: str | None = None
    description: str | None = None
    provider: Defaulted[OpenModelProvider] = "openai"
    max_tokens: Defaulted[int] = -1
    temperature: Defaulted[float] = 1
    top_p: Defaulted[float] = 1
    stop: str | list[str] | None = None
    presence_penalty: Defaulted[float] = 0
    frequency_penalty: Defaulted[float] = 0
    seed: int | None = None
    response_format: ResponseFormat | None = None
    prompt_template: str | None = None
    chat_template: list[V4ChatMessage] | None = None
    tool_configs: list[V4ToolConfigResponse] | None = None
    tools: list[JsonObject] | None = None
    endpoint: OpenModelEndpoint | None = None


class V4NamedConfigResponse(Model):
    """The common fields of the configs of evaluators, agents and others."""

    id: str
    status: str
    name: str
    other: JsonObject | None = None
    created_by: Any = None
    description: str | None = None


class V4EvaluatorConfigResponse(V4NamedConfigResponse):
    """A version of an evaluator."""

    type: Literal["evaluator"] = "evaluator"
    evaluator_type: str
    llm_config: V4ModelConfigResponse | None = Field(default=None, alias="model_config")
    code: str | None = None
    arguments_type: OpenArgumentsType | None = None
    return_type: OpenReturnType | None = None


class V4AgentConfigResponse(V4NamedConfigResponse):
    """A version of an agent."""

    type: Literal["agent"] = "agent"
    agent_class: str
    llm_config: V4ModelConfigRequest = Field(alias="model_config")
    tools: Defaulted[list[V4ToolConfigRequest]] = Field(default_factory=list)


class V4GenericConfigResponse(V4NamedConfigResponse):
    """A version of a file type without its own v4 config, such as a flow."""

    type: Literal["generic"] = "generic"


V4ConfigResponse = Annotated[
    V4ModelConfigResponse
    | V4ToolConfigResponse
    | V4EvaluatorConfigResponse
    | V4AgentConfigResponse
    | V4GenericConfigResponse,
    Field(discriminator="type"),
]
"""A version in a v4 response. `type` tells the kinds apart."""
