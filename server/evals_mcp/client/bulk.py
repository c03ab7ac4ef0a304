"""Batches of evaluation documents; only servers that say so take them."""

from pydantic import TypeAdapter

from evals_mcp.client.connection import Connection, Lines
from evals_mcp.client.urls import Query
from evals_mcp.models.evaluation_document import LoadedBatch

_LOADED = TypeAdapter(LoadedBatch)


class Bulk:
    """Evaluation documents on their way to a server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def load(self, lines: bytes, *, overwrite: bool = False, more: bool = False) -> LoadedBatch:
        """Store a batch of records (NDJSON): all, or none. Raises Invalid, whose location names the line.

        With `more` the document goes on; with `overwrite` records replace what has their ids.
        """
        query: Query = {"overwrite": overwrite or None, "more": more or None}
        # The same batch twice changes nothing, so it may be sent again as a read may.
        return await self._connection.send("POST", ("bulk",), _LOADED, Lines(lines), query, reads=True)
