"""The seam behind which a server does the work that runs wait for; the first runner is in `refusals`."""

from collections.abc import Sequence
from typing import Protocol

from evals_mcp.store.store import Store


class Runner(Protocol):
    """Takes open work from a store (`store.work`) and writes its results there."""

    def wake(self, store: Store, run_ids: Sequence[str]) -> None:
        """Say that these runs may have new work: datapoints to log, or logs to judge.

        Called after the change is kept, inside the request that made it: what takes long belongs elsewhere.
        """
        ...
