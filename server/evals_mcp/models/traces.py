"""OpenTelemetry traces in JSON (OTLP). `evals_mcp.otel` reads logs from them."""

from typing import Annotated, Any

from pydantic import Field

from evals_mcp.models.model import Defaulted, Model

Nanoseconds = Annotated[int, Field(ge=0, lt=253_402_300_800 * 10**9)]
"""Nanoseconds since 1970-01-01 UTC, before the year 10000. Text in JSON."""


class AttributeValue(Model):
    """The value of an attribute. Its only key gives its type."""

    string_value: str | None = Field(default=None, alias="stringValue")
    bool_value: bool | None = Field(default=None, alias="boolValue")
    int_value: int | None = Field(default=None, alias="intValue")
    double_value: float | None = Field(default=None, alias="doubleValue")
    array_value: "AttributeArray | None" = Field(default=None, alias="arrayValue")

    def value(self) -> Any:
        """The value as a Python object; None for other types."""
        if self.array_value is not None:
            return [item.value() for item in self.array_value.values]
        given = (self.string_value, self.bool_value, self.int_value, self.double_value)
        return next((value for value in given if value is not None), None)


class AttributeArray(Model):
    """Several values of an attribute."""

    values: Defaulted[list[AttributeValue]] = Field(default_factory=list)


class Attribute(Model):
    """A name (`a.b.c`) and its value."""

    key: str
    value: AttributeValue


class SpanStatus(Model):
    """Whether a span failed: `code` is then 2 or STATUS_CODE_ERROR."""

    code: int | str | None = None
    message: str | None = None


class Span(Model):
    """One call, from start to end."""

    trace_id: str | None = Field(default=None, alias="traceId")
    span_id: str | None = Field(default=None, alias="spanId")
    name: str | None = None
    start: Nanoseconds | None = Field(default=None, alias="startTimeUnixNano")
    end: Nanoseconds | None = Field(default=None, alias="endTimeUnixNano")
    attributes: Defaulted[list[Attribute]] = Field(default_factory=list)
    status: SpanStatus | None = None


class ScopeSpans(Model):
    """The spans of one instrumentation."""

    spans: Defaulted[list[Span]] = Field(default_factory=list)


class ResourceSpans(Model):
    """The spans of one program."""

    scope_spans: Defaulted[list[ScopeSpans]] = Field(default_factory=list, alias="scopeSpans")


class TracesRequest(Model):
    """Finished spans."""

    resource_spans: list[ResourceSpans] = Field(alias="resourceSpans")


class TracesResponse(Model):
    """The ids of the logs that were created or completed."""

    records: list[str]
