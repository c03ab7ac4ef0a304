"""The runner of a server that generates nothing yet: it answers all work with errors that say so."""

from collections.abc import Sequence

from evals_mcp.store.store import Store

_LOG_ERROR = (
    "This server does not generate logs yet: create the run with `orchestrated: false` and post its logs yourself."
)
_JUDGMENT_ERRORS = {
    "python": "This server does not run Python evaluators yet: post the judgment yourself.",
    "llm": "This server does not run LLM evaluators yet: post the judgment yourself.",
}


class RefusingRunner:
    """Gives an error log to each datapoint, and an error judgment to each log, that waits for the server.

    Evaluators that are external, human, or attached with `orchestrated: false` are the callers', and are left alone.
    """

    def wake(self, store: Store, run_ids: Sequence[str]) -> None:
        """Answer what is open in these runs, all at once; nobody waits for it."""
        for run_id in store.work.waiting(run_ids, list(_JUDGMENT_ERRORS)):
            store.work.fail(run_id, _LOG_ERROR, _JUDGMENT_ERRORS)
