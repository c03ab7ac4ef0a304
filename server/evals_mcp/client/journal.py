"""The journal of a server with our routes."""

from pydantic import TypeAdapter

from evals_mcp.client.endpoints import Endpoints
from evals_mcp.client.urls import Query
from evals_mcp.models.journal import JournalEntry, JournalPage

_ENTRY = TypeAdapter(JournalEntry)
_PAGE = TypeAdapter(JournalPage)


class Journal(Endpoints):
    """The writes of a workspace."""

    async def page(
        self, page: int = 1, size: int = 10, evaluation_id: str | None = None, *, check: bool = False
    ) -> JournalPage:
        """Fetch a page of writes, newest first: of all, or of those about an evaluation.

        With `check`, those among the newest 20 that an undo would refuse say why. Raises NotFound.
        """
        query: Query = {"page": page, "size": size, "evaluation": evaluation_id, "check": check or None}
        return await self._connection.get(("journal",), _PAGE, query)

    async def undo(self, write: str, *, dry_run: bool = False, confirm: bool = False) -> JournalEntry:
        """Undo a write and get the entry of the undo; with `dry_run`, only check and get the entry of the write.

        Raises NotFound for a handle of another database, Conflict if it was undone or something was built on it, and
        Invalid for a write of several rows if `confirm` is false.
        """
        query: Query = {"dry_run": dry_run or None, "confirm": confirm or None}
        return await self._connection.send("POST", ("journal", write, "undo"), _ENTRY, query=query, reads=dry_run)
