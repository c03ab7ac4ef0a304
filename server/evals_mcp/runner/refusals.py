"""The runner of a server that cannot generate or judge yet: it answers all work with errors."""

from collections.abc import Sequence

from evals_mcp.store.store import Store

_LOG_ERROR = (
    "This server cannot generate logs yet. Create the run with `orchestrated: false` and post the logs yourself."
)
_JUDGMENT_ERRORS = {
    "python": "This server cannot run Python evaluators yet. Post the judgment yourself.",
    "llm": "This server cannot run LLM evaluators yet. Post the judgment yourself.",
}


class RefusingRunner:
    """Writes an error log for each datapoint and an error judgment for each log that waits for the server.

    It skips evaluators that are external, human, or attached with `orchestrated: false`: callers judge with those.
    """

    def wake(self, store: Store, run_ids: Sequence[str]) -> None:
        """Write errors for all open work in these runs at once."""
        for run_id in store.work.waiting(run_ids, list(_JUDGMENT_ERRORS)):
            store.work.fail(run_id, _LOG_ERROR, _JUDGMENT_ERRORS)
