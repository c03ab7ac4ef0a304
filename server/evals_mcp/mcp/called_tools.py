"""Which tools a request calls, for the figures of a server."""

from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from time import perf_counter
from typing import Any, NamedTuple, ParamSpec

P = ParamSpec("P")


class ToolCall(NamedTuple):
    """A call: the tool's name (`unknown` if there is none), seconds, and whether it gave an answer and no error."""

    name: str
    seconds: float
    succeeded: bool


_calls: ContextVar[list[ToolCall] | None] = ContextVar("tool_calls", default=None)


@contextmanager
def noting_calls() -> Generator[list[ToolCall]]:
    """A list that gets the calls of the block and of the tasks that it starts."""
    calls: list[ToolCall] = []
    token = _calls.set(calls)
    try:
        yield calls
    finally:
        _calls.reset(token)


def noted(call_tool: Callable[P, Awaitable[Any]]) -> Callable[P, Coroutine[Any, Any, Any]]:
    """A server's method that calls a tool, which also notes the call where calls are noted."""

    @wraps(call_tool)
    async def call(*arguments: P.args, **named: P.kwargs) -> Any:
        calls = _calls.get()
        if calls is None:
            return await call_tool(*arguments, **named)
        started, answer = perf_counter(), None
        try:
            answer = await call_tool(*arguments, **named)
        finally:
            succeeded = answer is not None and not getattr(answer, "is_error", False)
            calls.append(ToolCall(_known(str(arguments[1])), perf_counter() - started, succeeded))
        return answer

    return call


def _known(name: str) -> str:
    """The name of a tool of ours; callers may make up any."""
    from evals_mcp.tools import TOOLS  # where a tool was called, they are loaded

    return name if any(tool.name == name for tool in TOOLS) else "unknown"
