"""The journal of a server with our routes."""

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.models.journal import JournalEntry
from evals_mcp.models.pages import PaginatedData

_ENTRY = TypeAdapter(JournalEntry)
_PAGE = TypeAdapter(PaginatedData[JournalEntry])


class Journal(Endpoints):
    """The writes of a workspace."""

    async def page(self, page: int, size: int) -> PaginatedData[JournalEntry]:
        """Fetch a page of writes, newest first."""
        return await self._connection.get(("journal",), _PAGE, {"page": page, "size": size})

    async def undo(self, write: str, *, dry_run: bool = False) -> JournalEntry:
        """Undo a write and get the entry of the undo; with `dry_run`, only check and get the entry of the write.

        Raises NotFound for a handle of another database, and Conflict if it was undone or something was built on it.
        """
        query = {"dry_run": True} if dry_run else None
        return await self._connection.send("POST", ("journal", write, "undo"), _ENTRY, query=query, reads=dry_run)
