"""Delay the statistics of a run while its last judgments are still coming in.

The official SDK requests statistics while its evaluators still post, and sleeps 5 s if the run is not complete.
"""

from datetime import timedelta
from typing import Annotated

import anyio
from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from evals_mcp.store.store import Store

PATIENCE = 1.5
"""The most seconds that a server waits."""

_LATELY = timedelta(seconds=0.25)
_SECONDS_BETWEEN_LOOKS = 0.05


async def wait_for_judgments(store: Store, evaluation_id: str, patience: float) -> None:
    """Return when the newest run is complete, when no judgment has come lately, or when `patience` ends.

    Holds no thread while it waits. Raises NotFound.
    """
    with anyio.move_on_after(patience):
        # Another process may write the judgments, so we can only poll.
        while await run_in_threadpool(store.stats.lacks_only_judgments, evaluation_id, _LATELY):  # noqa: ASYNC110
            await anyio.sleep(_SECONDS_BETWEEN_LOOKS)


async def _patience(request: Request) -> float:
    seconds: float = request.app.state.patience
    return seconds


Patience = Annotated[float, Depends(_patience)]
"""Seconds that this server waits, as a handler parameter."""
