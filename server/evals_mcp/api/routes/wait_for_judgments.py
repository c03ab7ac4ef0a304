"""Waiting a moment with the statistics of a run whose last judgments are on their way; what they are is not read here.

The official SDK asks for them while its own evaluators still post, and sleeps 5 s if the run is not complete then.
"""

from datetime import timedelta
from typing import Annotated

import anyio
from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from evals_mcp.store.store import Store

PATIENCE = 1.5
"""Seconds that a server waits at most."""

_LATELY = timedelta(seconds=0.25)
_SECONDS_BETWEEN_LOOKS = 0.05


async def wait_for_judgments(store: Store, evaluation_id: str, patience: float) -> None:
    """Return when the newest run of an evaluation is complete, or no judgment came lately, or patience ends.

    No thread is held meanwhile. Raises NotFound.
    """
    with anyio.move_on_after(patience):
        # Another process may write them: there is nothing to wait on but the clock.
        while await run_in_threadpool(store.stats.lacks_only_judgments, evaluation_id, _LATELY):  # noqa: ASYNC110
            await anyio.sleep(_SECONDS_BETWEEN_LOOKS)


async def _patience(request: Request) -> float:
    seconds: float = request.app.state.patience
    return seconds


Patience = Annotated[float, Depends(_patience)]
"""Seconds that this server waits, as a parameter of a handler."""
