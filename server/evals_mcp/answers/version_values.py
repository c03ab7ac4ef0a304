"""Short values of versions as words of an answer."""

from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import Quoted, literal, name
from evals_mcp.models.kernels import ModelParameters, ToolKernelRequest
from evals_mcp.models.version_fields import is_long, version_fields
from evals_mcp.models.versions import FileVersionResponse

_CONTENT = {*ModelParameters.model_fields, *ToolKernelRequest.model_fields, "tools", "max_iterations", "spec"}
_MOST = 6


def value_word(text: str | None) -> Quoted:
    """The text of a field: numbers, true, false and null as they are, others as names; `(none)` if it is absent."""
    return "(none)" if text is None else literal(text)


def version_values(version: FileVersionResponse) -> list[Quoted]:
    """The first short fields of a version: `model gpt-4o`, `temperature 0.2`."""
    content = version.model_dump(mode="json", include=_CONTENT, exclude_none=True)
    short = {field: texts[0] for field, texts in version_fields([content]).items() if not is_long(texts)}
    words: list[Quoted] = [f"{name(field)} {value_word(text)}" for field, text in short.items()]
    return [*words[:_MOST], *([count(len(words) - _MOST, "more field")] if len(words) > _MOST else [])]
