"""Finds the version that a log request belongs to."""

from typing import Any, TypeVar

from pydantic import ValidationError

from evals_mcp.errors import Invalid
from evals_mcp.models.kernels import AgentKernelRequest, PromptKernelRequest
from evals_mcp.models.log_requests import LogRequest
from evals_mcp.prompt_files import read_prompt_file
from evals_mcp.store.logs.logs import LogTarget

Kernel = TypeVar("Kernel", PromptKernelRequest, AgentKernelRequest)


def log_target(request: LogRequest, kernel: Any, version_id: str | None, environment: str | None) -> LogTarget:
    """The target of a log. `kernel` is the version content in the request, if any."""
    return LogTarget(
        file_id=request.id,
        path=request.path,
        version_id=version_id,
        environment=environment,
        kernel=None if kernel is None else kernel.kernel(),
    )


def read_kernel(model: type[Kernel], kernel: Kernel | str | None, name: str) -> Kernel | None:
    """Read the kernel under `name` in a request: an object or the text of a file. Raises Invalid (422)."""
    if not isinstance(kernel, str):
        return kernel
    content = read_prompt_file(kernel, ("body", name))
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"In the header, `{where}`: {first['msg']}.", ("body", name)) from None
