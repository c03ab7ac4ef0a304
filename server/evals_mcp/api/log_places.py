"""Which version a log request is of."""

from typing import Any

from evals_mcp.errors import Invalid
from evals_mcp.models.log_requests import LogRequest
from evals_mcp.store.logs import LogPlace


def log_place(request: LogRequest, kernel: Any, version_id: str | None, environment: str | None) -> LogPlace:
    """The place of a log; `kernel` is the content that the request carries, if any. Raises Invalid."""
    if isinstance(kernel, str):
        raise Invalid("The text form of a prompt is not read here yet; send it as an object.", ("body", "prompt"))
    return LogPlace(
        file_id=request.id,
        path=request.path,
        version_id=version_id,
        environment=environment,
        kernel=None if kernel is None else kernel.kernel(),
    )
