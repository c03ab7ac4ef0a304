"""Runs short reads: in a worker thread, or directly in the embedded API."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def run_read(
    request: Request, read: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Run a read that takes milliseconds. The embedded API needs no thread: its only caller would wait for it."""
    if request.app.state.is_embedded:
        return read(*args, **kwargs)
    return await run_in_threadpool(read, *args, **kwargs)
