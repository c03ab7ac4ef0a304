"""Routes of the journal: list writes, undo one."""

from typing import Annotated

from fastapi import Query

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.acts import CurrentAct
from evals_mcp.api.routes.parameters import Page, Size
from evals_mcp.models.journal import JournalEntry, JournalPage

router = PrefixedRouter(prefix="/journal", tags=["journal"])


@router.get("")
def list_writes(
    store: CurrentStore,
    page: Page = 1,
    size: Size = 10,
    evaluation: Annotated[str | None, Query(description="The id of one: only writes about it.")] = None,
    check: Annotated[bool, Query(description="Say which of the newest 20 an undo would refuse.")] = False,
) -> JournalPage:
    """List the writes of the workspace, newest first."""
    return store.journal.page(page, size, evaluation, check=check)


@router.post("/{id}/undo")
def undo_write(
    store: CurrentStore,
    act: CurrentAct,
    id: str,
    dry_run: bool = False,
    confirm: Annotated[bool, Query(description="Needed to undo several rows.")] = False,
) -> JournalEntry:
    """Undo a write, exactly and once, and get the entry of the undo. Answers 409 if something was built on it since.

    With `dry_run`, nothing is undone, and the answer is the entry of the write.
    """
    return store.journal.undo(id, act, dry_run=dry_run, confirm=confirm)
