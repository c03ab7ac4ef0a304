"""Chat messages and what a model call is given besides them: tools, tool choice, response format."""

from typing import Annotated, Literal

from pydantic import Field

from evals_mcp.models.enums import ChatRole, OpenChatRole, OpenResponseFormatType, ResponseFormatType
from evals_mcp.models.model import Defaulted, JsonObject, Model


class TextChatContent(Model):
    """A part of a message that is text."""

    type: Defaulted[Literal["text"]] = "text"
    text: str


class ImageUrl(Model):
    """Where an image is: an address, or the image itself as a data URL."""

    url: str
    detail: str | None = None


class ImageChatContent(Model):
    """A part of a message that is an image."""

    type: Defaulted[Literal["image_url"]] = "image_url"
    image_url: ImageUrl


class AnthropicThinkingContent(Model):
    """Reasoning that a model showed, with the signature that proves it."""

    type: Defaulted[Literal["thinking"]] = "thinking"
    thinking: str
    signature: str


class AnthropicRedactedThinkingContent(Model):
    """Reasoning that the provider encrypted."""

    type: Defaulted[Literal["redacted_thinking"]] = "redacted_thinking"
    data: str


class FunctionTool(Model):
    """The function that a tool call names, with its arguments as JSON text."""

    name: str
    arguments: str | None = None


class ToolCall(Model):
    """One call of a tool that a message asks for."""

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
    """A function offered to a model; `parameters` is its JSON schema."""

    name: str
    description: str
    strict: bool | None = None
    parameters: JsonObject | None = None


class ChatMessage(Model):
    """One message as it is answered; roles and kinds of content that are not known yet pass."""

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
    """One message as it is sent."""

    role: ChatRole
    content: str | list[TextChatContent | ImageChatContent] | None = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[ToolCall] | None = None
    thinking: list[AnthropicThinkingContent | AnthropicRedactedThinkingContent] | None = None


class ResponseFormat(Model):
    """The form in which a model is asked to answer."""

    type: OpenResponseFormatType
    json_schema: JsonObject | None = None


class ResponseFormatRequest(ResponseFormat):
    """The form in which a model shall be asked to answer."""

    type: ResponseFormatType
