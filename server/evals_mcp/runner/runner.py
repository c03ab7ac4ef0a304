"""The interface of a runner, which generates logs and judgments for runs. `refusals` has the first one."""

from collections.abc import Sequence
from typing import Protocol

from evals_mcp.store.store import Store


class Runner(Protocol):
    """Takes open work from a store (`store.work`) and writes the results there."""

    def wake(self, store: Store, run_ids: Sequence[str]) -> None:
        """Tell the runner that these runs may have new work: datapoints to log, or logs to judge.

        The request that made the change calls this after its commit, so return quickly and work in the background.
        """
        ...
