"""Datapoints of datasets."""

from pydantic import Field

from evals_mcp.models.messages import ChatMessage, ChatMessageRequest
from evals_mcp.models.model import Defaulted, JsonObject, Model


class CreateDatapointRequest(Model):
    """A datapoint to put into a dataset.

    The contract says that inputs are text; clients send other JSON too, so any value is taken.
    """

    inputs: JsonObject | None = None
    messages: list[ChatMessageRequest] | None = None
    target: JsonObject | None = None

    def content(self) -> JsonObject:
        """What identifies the datapoint: inputs (absent is `{}`), and messages and target where given."""
        return {"inputs": {}} | self.model_dump(mode="json", exclude_none=True)


class DatapointResponse(Model):
    """A datapoint; `inputs` is never null, and any JSON value may stand in it."""

    id: str
    inputs: Defaulted[JsonObject] = Field(default_factory=dict)
    messages: list[ChatMessage] | None = None
    target: JsonObject | None = None
