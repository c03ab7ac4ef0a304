"""The tool update_run."""

from typing import Annotated, Literal

from pydantic import Field

from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import name
from evals_mcp.answers.writes import summarize_update
from evals_mcp.errors import Conflict
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.runs import find_run
from evals_mcp.models.rows import RunRow
from evals_mcp.tools.arguments import DryRun, Evaluation, Run
from evals_mcp.tools.tool import Tool

Change = Annotated[Literal["control", "complete", "cancel"], Field(description="cancel closes it.")]
Confirm = Annotated[bool, Field(description="Cancel a run with logs.")]
_STATUSES = {"complete": "completed", "cancel": "cancelled"}


async def update_run(
    lookup: Lookup,
    evaluation: Evaluation,
    run: Run,
    change: Change,
    confirm: Confirm = False,
    dry_run: DryRun = False,
) -> str:
    """Make a run the control, complete it, or cancel it."""
    from evals_mcp.models.runs import UpdateRunRequest

    resolved = await lookup.find_evaluation(evaluation)
    found = find_run(resolved, run)
    status = _STATUSES.get(change)
    if dry_run or not lookup.client.extended:
        _check(found, status)
    if status == "cancelled" != found.status and found.logs_count and not dry_run:
        label, logs = name(resolved.run_labels[found.id]), count(found.logs_count, "log")
        await lookup.require_confirmation(
            f"Cancel run {label} ({name(found.id)})? It has {logs}, and cancelling is final.", confirm=confirm
        )
    if not dry_run:
        request = UpdateRunRequest.model_validate({"control": True} if status is None else {"status": status})
        await lookup.client.runs.update(resolved.id, found.id, request)
        lookup.note_write(resolved.id, found.id)
    after = resolved if dry_run else await lookup.find_evaluation(resolved.id)
    return summarize_update(after, found, after.run(found.id), status, lookup.max_tokens, dry_run=dry_run)


def _check(run: RunRow, status: str | None) -> None:
    """Raise Conflict for a change that the server would refuse."""
    if status not in (None, run.status) and run.status not in ("pending", "running"):
        raise Conflict(
            f"run: {name(run.id)} is {name(run.status)}. Only a pending or running run can be {name(status)}."
        )


TOOL = Tool(
    function=update_run,
    title="Change a run",
    search_hint="humanloop",
    read_only=False,
    journaled=True,
    destructive=True,
)
