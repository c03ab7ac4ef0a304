"""Shared by all models: settings and field types for JSON. No resource of the API."""

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticUseDefault

from evals_mcp.models.large_json import MAY_BE_COMPACT, CompactJson

T = TypeVar("T")


class Model(BaseModel):
    """Base of all models: built on first use, drops unknown keys, allows only finite numbers, uses aliases in JSON."""

    model_config = ConfigDict(
        defer_build=True,
        extra="ignore",
        protected_namespaces=(),
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    def given(self) -> dict[str, Any]:
        """The fields that are set and not null, as JSON values and datetimes. An update changes these.

        Large ones that are only stored are `CompactJson`.
        """
        given = {name: getattr(self, name) for name in self.model_fields_set}
        compact = {name: value for name, value in given.items() if isinstance(value, CompactJson)}
        return self.model_dump(include=given.keys() - compact.keys(), exclude_none=True) | compact


def default_for_null(value: Any) -> Any:
    """Treat null as an absent key, for a field whose default is not None."""
    if value is None:
        raise PydanticUseDefault
    return value


def in_utc(value: datetime) -> datetime:
    """The same time in UTC. A naive time counts as UTC. Raises ValueError outside the years 1 to 9999."""
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time in UTC is outside the years 1 to 9999") from None


Defaulted = Annotated[T, BeforeValidator(default_for_null)]
"""A field with a default other than None; null counts as absent."""

Added = Annotated[T | None, Field(exclude_if=lambda value: value is None)]
"""A field that Humanloop's API lacks. JSON has it only if it is set, so older clients never see it."""

UtcDatetime = Annotated[datetime, AfterValidator(in_utc)]
"""An aware time in UTC, written with `Z`."""

Integer = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""A whole number that every database can store (64 bits)."""

Amount = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A number of tokens, which cannot be negative."""

Measure = Annotated[float, Field(ge=0)]
"""A latency or cost, which cannot be negative."""

JsonObject = dict[str, Any]
"""A free JSON object. Its nulls are content and stay."""

StoredObject = Annotated[JsonObject, MAY_BE_COMPACT]
"""A free JSON object of a request that is only stored. A large one may come as `CompactJson`."""
