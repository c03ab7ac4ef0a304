"""Datapoints of datasets."""

from pydantic import Field

from evals_mcp.models.messages import ChatMessage, ChatMessageRequest
from evals_mcp.models.model import Defaulted, JsonObject, Model


class CreateDatapointRequest(Model):
    """A datapoint to add to a dataset.

    Humanloop documents inputs as text, but clients send other JSON too, so any value is allowed.
    """

    inputs: JsonObject | None = None
    messages: list[ChatMessageRequest] | None = None
    target: JsonObject | None = None

    def content(self) -> JsonObject:
        """The content that identifies the datapoint: inputs (`{}` if absent), and messages and target if given."""
        return {"inputs": {}} | self.model_dump(mode="json", exclude_none=True)


class DatapointResponse(Model):
    """A datapoint. `inputs` is never null and can contain any JSON value."""

    id: str
    inputs: Defaulted[JsonObject] = Field(default_factory=dict)
    messages: list[ChatMessage] | None = None
    target: JsonObject | None = None
