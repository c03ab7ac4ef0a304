"""Wakes the runner after a handler has created work for it."""

from typing import Annotated

from fastapi import Depends, Request

from evals_mcp.runner.runner import Runner


async def _current_runner(request: Request) -> Runner:
    runner: Runner = request.app.state.runner
    return runner


CurrentRunner = Annotated[Runner, Depends(_current_runner)]
"""The server's runner, as a handler parameter."""
