"""Datapoints of datasets."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from evals_mcp.models.messages import ChatMessage, ChatMessageRequest
from evals_mcp.models.model import Defaulted, JsonObject, Model

DATAPOINT_CONTENT = {"inputs", "messages", "target", "metadata", "tags"}
"""The fields that identify a datapoint."""


def _copied_id(value: str) -> str:
    if not value.startswith("dp_"):
        raise ValueError("a datapoint gets its id from its content. Put an id of your own into `metadata` or `inputs`")
    return value


class CreateDatapointRequest(Model):
    """A datapoint to add to a dataset. Raises ValueError for a key that it would lose.

    Humanloop documents inputs as text, but clients send other JSON too, so any value is allowed. The id follows from
    the content; the id of a datapoint that is copied is ignored.
    """

    id: Annotated[str, AfterValidator(_copied_id)] | None = None

    inputs: JsonObject | None = None
    messages: list[ChatMessageRequest] | None = None
    target: JsonObject | None = None
    metadata: JsonObject | None = None
    tags: list[str] | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_other_keys(cls, value: Any) -> Any:
        other = [key for key in value if key not in cls.model_fields] if isinstance(value, dict) else []
        if other:
            raise ValueError(f"a datapoint has no `{str(other[0])[:100]}`. Put fields of your own into `metadata`")
        return value

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
