"""A server without this project's routes, copied as far as questions need it, so that the same code answers them."""

import time
from collections.abc import Callable

from evals_mcp.client.client import EvalsClient
from evals_mcp.mirror.reading import Reading
from evals_mcp.mirror.run_reading import Progress
from evals_mcp.mirror.state import MirrorState
from evals_mcp.mirror.time_limit import READING_SECONDS


class Mirror:
    """What was read of a server through its documented pages, kept in scratch workspaces as long as the process lives.

    `open_scratch` gives a client of a new and empty workspace with this project's routes. Reading for one call takes
    at most `seconds` by `clock`.
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
        """The questions of one call, whose time begins now; `progress` is told while logs are read."""
        return Reading(self._state, self._seconds, progress)

    def changed(self, evaluation_id: str, run_id: str) -> None:
        """Read a run again for the next question about it, since it was written to."""
        rows = self._state.rows.get(run_id)
        if rows is not None and rows.evaluation_id == evaluation_id:
            rows.sign = None
