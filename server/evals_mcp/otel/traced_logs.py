"""Read spans of the official SDK's decorators as logs: file, version and fields. No I/O."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from evals_mcp.errors import Invalid
from evals_mcp.models.json_values import storable
from evals_mcp.models.kernels import AgentKernelRequest, FlowKernelRequest, PromptKernelRequest, ToolKernelRequest
from evals_mcp.models.log_requests import AgentLogRequest, FlowLogRequest, LogRequest, PromptLogRequest, ToolLogRequest
from evals_mcp.models.model import Model
from evals_mcp.models.traces import Span, TracesRequest
from evals_mcp.otel.attributes import nested, read_literal, read_schema, with_lists
from evals_mcp.otel.model_calls import is_model_call, model_kernel, model_log

M = TypeVar("M", bound=Model)

_REQUESTS: dict[str, type[LogRequest]] = {
    "prompt": PromptLogRequest,
    "tool": ToolLogRequest,
    "flow": FlowLogRequest,
    "agent": AgentLogRequest,
}
_FAILED = (2, "2", "STATUS_CODE_ERROR")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TracedLog(NamedTuple):
    """The log of a span: its file, its version's content if given, and its fields."""

    file_type: str
    file_id: str | None
    path: str | None
    kernel: dict[str, Any] | None
    fields: dict[str, Any]
    run_id: str | None
    trace_id: str | None
    span_id: str | None


def read_traces(request: TracesRequest) -> list[TracedLog]:
    """The logs of spans, in order. Skips spans of other programs and spans without a log.

    Raises Invalid (422) for a span without a file of a known type, or with values that a log cannot have.
    """
    return [
        log
        for resource_index, resource in enumerate(request.resource_spans)
        for scope_index, scope in enumerate(resource.scope_spans)
        for span_index, span in enumerate(scope.spans)
        if (log := _read_span(span, _location(resource_index, scope_index, span_index))) is not None
    ]


def _location(resource: int, scope: int, span: int) -> tuple[str | int, ...]:
    return ("body", "resourceSpans", resource, "scopeSpans", scope, "spans", span, "attributes")


def _read_span(span: Span, location: tuple[str | int, ...]) -> TracedLog | None:
    attributes = {item.key: value for item in span.attributes if (value := item.value.value()) is not None}
    tree = nested(attributes).get("humanloop")
    file = tree.get("file") if isinstance(tree, dict) else None
    if not isinstance(tree, dict) or not isinstance(file, dict):
        return None
    file_type = str(file.get("type"))
    if file_type not in _REQUESTS:
        raise Invalid(f"`humanloop.file.type` must be one of: {', '.join(_REQUESTS)}.", location)
    path, file_id = (file.get(name) if isinstance(file.get(name), str) else None for name in ("path", "id"))
    if path is None and file_id is None:
        raise Invalid("`humanloop.file.path` is missing.", location)
    content = tree.get("log")
    if file_type == "flow" and content is None and not _has_failed(span):
        return None  # the SDK gave up the flow and deleted the log that it had created at the start
    fields = _fields(span, attributes, content if isinstance(content, dict) else {}, file_type)
    request = _lenient(_REQUESTS[file_type], fields, location)
    return TracedLog(
        file_type=file_type,
        file_id=file_id,
        path=path,
        kernel=_kernel(file_type, file, attributes, location),
        fields=request.given(),
        run_id=_text(fields.get("run_id")),
        trace_id=span.trace_id,
        span_id=span.span_id,
    )


def _fields(span: Span, attributes: Mapping[str, Any], content: Mapping[str, Any], file_type: str) -> dict[str, Any]:
    """The fields of a log request: those in the span, those of its model call, and its times."""
    fields: dict[str, Any] = {"start_time": _time(span.start), "end_time": _time(span.end)}
    if file_type == "prompt" and is_model_call(attributes):
        fields |= model_log(attributes)
        if span.start is not None and span.end is not None and span.end >= span.start:
            fields["provider_latency"] = (span.end - span.start) / 1e9
    if span.status is not None and _has_failed(span):
        fields["error"] = span.status.message or "The call failed."
    given = {key: with_lists(value) for key, value in content.items()}
    for name in ("inputs", "metadata"):
        if isinstance(content.get(name), dict):
            given[name] = {key: with_lists(value) for key, value in content[name].items()}
    if "id" in given:
        fields["log_id"] = given.pop("id")
    return fields | given


def _kernel(
    file_type: str, file: Mapping[str, Any], attributes: Mapping[str, Any], location: tuple[str | int, ...]
) -> dict[str, Any] | None:
    """The content of the version; None if the span has none."""
    inner = file.get(file_type)
    content = {**file, **inner} if isinstance(inner, dict) else dict(file)
    if file_type == "tool":
        kernel = _lenient(ToolKernelRequest, _tool_content(content), location).kernel()
        return kernel or None
    if file_type == "flow":
        flow = {"attributes": content.get("attributes")}
        return _lenient(FlowKernelRequest, flow, location).kernel() if isinstance(flow["attributes"], dict) else None
    parameters = model_kernel(attributes) if is_model_call(attributes) else {}
    parameters |= {key: with_lists(value) for key, value in content.items() if key not in ("type", "path", "id")}
    if "model" not in parameters:
        return None
    if file_type == "prompt":
        return _lenient(PromptKernelRequest, parameters, location).kernel()
    return _lenient(AgentKernelRequest, parameters, location).kernel()


def _tool_content(content: Mapping[str, Any]) -> dict[str, Any]:
    tool = {key: content[key] for key in ("source_code", "attributes", "setup_values") if key in content}
    function = content.get("function")
    if not isinstance(function, dict):
        return tool
    read = {"description": "", **function, "strict": read_literal(function.get("strict"))}
    if isinstance(function.get("parameters"), dict):
        read["parameters"] = read_schema(function["parameters"])
        # An object without properties loses the key, because empty values have no attributes.
        if read["parameters"].get("type") == "object":
            read["parameters"].setdefault("properties", {})
            if read["parameters"]["properties"] == {}:
                read["parameters"].setdefault("required", [])
    return {**tool, "function": read}


def _lenient(model: type[M], content: Mapping[str, Any], location: tuple[str | int, ...]) -> M:
    """Build a request from values that are mostly text. Drops fields that do not fit. Raises Invalid."""
    try:
        fields = dict(storable(_as_json(content)))
    except ValueError as error:
        raise Invalid(f"A value of the span cannot be stored: {error}.", location) from None
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        unfit = {item["loc"][0] for item in error.errors()}
    try:
        return model.model_validate({name: value for name, value in fields.items() if name not in unfit})
    except ValidationError:
        raise Invalid(f"The span lacks required fields of {model.__name__}.", location) from None


def _as_json(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in content.items()
        if value is not None
    }


def _has_failed(span: Span) -> bool:
    return span.status is not None and span.status.code in _FAILED


def _time(nanoseconds: int | None) -> datetime | None:
    return None if nanoseconds is None else _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
