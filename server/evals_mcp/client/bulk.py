"""Batches of evaluation documents, for servers with our bulk routes."""

from pydantic import TypeAdapter

from evals_mcp.client.connection import Lines
from evals_mcp.client.endpoints import Endpoints
from evals_mcp.client.urls import Query
from evals_mcp.models.bulk import LoadedBatch, RecordPage

_LOADED = TypeAdapter(LoadedBatch)
_PAGE = TypeAdapter(RecordPage)
_COUNTS = TypeAdapter(dict[str, int])


class Bulk(Endpoints):
    """Evaluation documents to and from a server."""

    async def read(self, after: str | None = None) -> RecordPage:
        """A page of all records of a workspace, in an order in which they can be loaded. Raises NotFound."""
        return await self._connection.get(("bulk",), _PAGE, {"after": after})

    async def counts(self) -> dict[str, int]:
        """The number of records by kind. Raises NotFound."""
        return await self._connection.get(("bulk", "counts"), _COUNTS)

    async def load(self, lines: bytes, *, import_id: str, overwrite: bool = False, more: bool = False) -> LoadedBatch:
        """Store a batch of records (NDJSON): all or none. Raises Invalid with the line in its location.

        The batches of one `import_id` are one entry of the journal. `more`: the document continues. `overwrite`:
        records replace those with the same ids.
        """
        query: Query = {"overwrite": overwrite or None, "more": more or None}
        # Sending a batch twice changes nothing, so it can be retried like a read.
        return await self._connection.send("POST", ("bulk",), _LOADED, Lines(lines, import_id), query, reads=True)
