"""Writes of logs, shared by all file types: find the version of a log, store or change the log, wake the runner."""

from typing import Any, TypeVar

from pydantic import ValidationError

from evals_mcp.errors import Invalid
from evals_mcp.models.kernels import AgentKernelRequest, PromptKernelRequest
from evals_mcp.models.log_requests import LogRequest
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.model import Model
from evals_mcp.prompt_files import read_prompt_file
from evals_mcp.runner.runner import Runner
from evals_mcp.store.journal.entries import Act
from evals_mcp.store.logs.logs import CreatedLog, LogTarget
from evals_mcp.store.store import Store

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


def create_log(
    store: Store,
    runner: Runner,
    act: Act,
    kind: str,
    target: LogTarget,
    request: LogRequest,
    run_id: str | None = None,
) -> CreatedLog:
    """Store a log of a version. Raises as `Logs.create`."""
    created = store.logs.create(kind, target, request.given(), run_id, act)
    runner.wake(store, created.run_ids)
    return created


def update_log(
    store: Store, runner: Runner, act: Act, kind: str, log_id: str, request: Model, file_id: str | None = None
) -> LogResponse:
    """Change the given fields of a log. Raises as `Logs.update`."""
    changed = store.logs.update(kind, log_id, request.given(), file_id, act)
    runner.wake(store, changed.run_ids)
    return changed.log


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
