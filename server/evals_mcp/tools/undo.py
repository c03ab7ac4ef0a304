"""The tool undo."""

from typing import Annotated

from pydantic import Field

from evals_mcp.answers.undo import describe_write, list_writes, summarize_undo
from evals_mcp.errors import Invalid
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.tools.arguments import DryRun
from evals_mcp.tools.tool import Tool

Write = Annotated[str, Field(max_length=100, description="Handle; default: list ten.")]
Confirm = Annotated[bool, Field(description="For several rows.")]
_LISTED = 10


async def undo(lookup: Lookup, write: Write = "", confirm: Confirm = False, dry_run: DryRun = False) -> str:
    """Undo a write, exactly and once, or list the last ones."""
    if await lookup.rows() is not lookup.client.reviews:
        raise Invalid("This server has no journal of writes, so nothing can be undone here.")
    journal = lookup.client.journal
    if not write:
        return list_writes(await journal.page(1, _LISTED, check=True), lookup.max_tokens)
    entry = await journal.undo(write.strip(), dry_run=True)
    if not dry_run:
        if entry.rows_count > 1:
            await lookup.require_confirmation(f"Undo {describe_write(entry)}?", confirm=confirm)
        await journal.undo(entry.id, confirm=True)
    return summarize_undo(entry, lookup.max_tokens, dry_run=dry_run)


TOOL = Tool(
    function=undo,
    title="Undo a write",
    search_hint="humanloop",
    read_only=False,
    labels=True,
    destructive=True,
    needs_extension=True,
)
