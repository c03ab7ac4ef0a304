"""Datapoints of datasets."""

from typing import Annotated

from pydantic import AfterValidator, Field

from evals_mcp.models.messages import ChatMessage, ChatMessageRequest
from evals_mcp.models.model import Defaulted, JsonObject, Model

DATAPOINT_CONTENT = {"inputs", "messages", "target", "metadata", "tags"}
"""The fields that identify a datapoint."""


def _copied_id(value: str) -> str:
    if not value.startswith("dp_"):
        raise ValueError("a datapoint gets its id from its content. Put an id of your own into `metadata` or `inputs`")
    return value


class CreateDatapointRequest(Model):
    """A datapoint to add to a dataset.

    Humanloop documents inputs as text, but clients send other JSON too, so any value is allowed. The id follows from
    the content; the id of a datapoint that is copied is ignored.
    """

    id: Annotated[str, AfterValidator(_copied_id)] | None = None

    inputs: JsonObject | None = None
    messages: list[ChatMessageRequest] | None = None
    target: JsonObject | None = None
    metadata: JsonObject | None = None
    tags: list[str] | None = None

    def content(self) -> JsonObject:
        """The content that identifies the datapoint: inputs (`{}` if absent), and what else is given."""
        return {"inputs": {}} | self.model_dump(mode="json", include=DATAPOINT_CONTENT, exclude_none=True)


class DatapointResponse(Model):
    """A datapoint. `inputs` is never null and can contain any JSON value."""

    id: str
    inputs: Defaulted[JsonObject] = Field(default_factory=dict)
    messages: list[ChatMessage] | None = None
    target: JsonObject | None = None
    metadata: JsonObject | None = None
    tags: list[str] | None = None
