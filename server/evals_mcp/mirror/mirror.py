"""A mirror copies as much of a server without our routes as questions need, so that the same code answers them."""

import time
from collections.abc import Callable

from evals_mcp.client.client import EvalsClient
from evals_mcp.client.row_sources import Progress
from evals_mcp.mirror.reading import Reading
from evals_mcp.mirror.state import MirrorState
from evals_mcp.mirror.time_limit import READING_SECONDS


class Mirror:
    """The parts read from a server's documented pages, kept in scratch workspaces until the process ends.

    `open_scratch` returns a client of a new, empty workspace with our routes. Reading for one call takes at most
    `seconds` by `clock`.
    """

    def __init__(
        self,
        remote: EvalsClient,
        open_scratch: Callable[[], EvalsClient],
        *,
        seconds: float = READING_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = MirrorState(remote, open_scratch, clock)
        self._seconds = seconds

    def reading(self, progress: Progress | None = None) -> Reading:
        """The questions of one call. Its time limit starts now. `progress` is called while logs are read."""
        return Reading(self._state, self._seconds, progress)

    def changed(self, evaluation_id: str, run_id: str) -> None:
        """Read a run again for the next question, after a write to it."""
        rows = self._state.rows.get(run_id)
        if rows is not None and rows.evaluation_id == evaluation_id:
            rows.sign = None
