"""What a database says when it fails, in the log of a server."""

import logging

from evals_mcp.errors import EvalsError, words_of_database
from evals_mcp.store.database.failures import failure_kind
from evals_mcp.store.database.watching import Watcher

_LOGGER = logging.getLogger(__name__)


class DatabaseLog(Watcher):
    """Logs what the database said: callers get a sentence without it."""

    def failed(self, error: EvalsError) -> None:
        """Log a failure of the storage, if the database said something."""
        kind, said = failure_kind(error), words_of_database(error)
        if said and kind == "unreachable":
            # Each reason is a kind of record: a wrong password is told in the same minute as a server that was away.
            _LOGGER.warning(f"A transaction failed ({kind}): {said}")
        elif said:
            _LOGGER.warning(f"A transaction failed ({kind}): %s", said)
