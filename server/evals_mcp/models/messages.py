"""Chat messages, and the other parts of a model call: tools, tool choice, response format."""

from typing import Annotated, Literal

from pydantic import Field

from evals_mcp.models.enums import ChatRole, OpenChatRole, OpenResponseFormatType, ResponseFormatType
from evals_mcp.models.model import Defaulted, JsonObject, Model


class TextChatContent(Model):
    """A text part of a message."""

    type: Defaulted[Literal["text"]] = "text"
    text: str


class ImageUrl(Model):
    """The address of an image, or the image itself as a data URL."""

    url: str
    detail: str | None = None


class ImageChatContent(Model):
    """An image part of a message."""

    type: Defaulted[Literal["image_url"]] = "image_url"
    image_url: ImageUrl


class AnthropicThinkingContent(Model):
    """Visible reasoning of a model, with its signature."""

    type: Defaulted[Literal["thinking"]] = "thinking"
    thinking: str
    signature: str


class AnthropicRedactedThinkingContent(Model):
    """Reasoning that the provider encrypted."""

    type: Defaulted[Literal["redacted_thinking"]] = "redacted_thinking"
    data: str


class FunctionTool(Model):
    """The function of a tool call, with its arguments as JSON text."""

    name: str
    arguments: str | None = None


class ToolCall(Model):
    """One tool call in a message."""

    id: str
    type: Defaulted[Literal["function"]] = "function"
    function: FunctionTool


class FunctionToolChoice(Model):
    """The function that the model must call."""

    name: str


class ToolChoice(Model):
    """Tells the model to call one function."""

    type: Defaulted[Literal["function"]] = "function"
    function: FunctionToolChoice


class ToolFunction(Model):
    """A function that a model may call. `parameters` is its JSON schema."""

    name: str
    description: str
    strict: bool | None = None
    parameters: JsonObject | None = None


class ChatMessage(Model):
    """A message in a response. Unknown roles and kinds of content are allowed."""

    role: OpenChatRole
    content: (
        str
        | list[
            Annotated[
                TextChatContent | ImageChatContent | JsonObject,
                Field(union_mode="left_to_right"),
            ]
        ]
        | None
    ) = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[ToolCall] | None = None
    thinking: (
        list[
            Annotated[
                AnthropicThinkingContent | AnthropicRedactedThinkingContent | JsonObject,
                Field(union_mode="left_to_right"),
            ]
        ]
        | None
    ) = None


class ChatMessageRequest(Model):
    """A message in a request."""

    role: ChatRole
    content: str | list[TextChatContent | ImageChatContent] | None = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[ToolCall] | None = None
    thinking: list[AnthropicThinkingContent | AnthropicRedactedThinkingContent] | None = None


class ResponseFormat(Model):
    """The format that a model must answer in."""

    type: OpenResponseFormatType
    json_schema: JsonObject | None = None


class ResponseFormatRequest(ResponseFormat):
    """The format that a model must answer in."""

    type: ResponseFormatType
