"""The tool add_logs_to_run."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from evals_mcp.answers.writes import summarize_added_logs, summarize_fitting_logs
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.matching_logs import require_same_version
from evals_mcp.lookup.runs import find_run
from evals_mcp.tools.arguments import DryRun, Evaluation, Run, as_list
from evals_mcp.tools.tool import Tool

LogIds = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=500)]],
    BeforeValidator(as_list),
    Field(min_length=1, max_length=1_000, description="Log ids, 1–1,000."),
]


async def add_logs_to_run(
    lookup: Lookup,
    evaluation: Evaluation,
    run: Run,
    log_ids: LogIds,
    dry_run: DryRun = False,
) -> str:
    """Add existing logs of the run's version and dataset: all, or none if one does not fit."""
    resolved = await lookup.find_evaluation(evaluation)
    before = find_run(resolved, run)
    ids = [await lookup.find_log_id(word) for word in log_ids]
    checked = bool(lookup.client.extended)
    if not checked:
        await require_same_version(lookup, before, ids)
        if dry_run:
            return summarize_fitting_logs(resolved, before, ids, lookup.max_tokens, checked=False)
    response = await lookup.client.runs.add_logs(resolved.id, before.id, ids, only_matching=checked, dry_run=dry_run)
    if dry_run:
        return summarize_fitting_logs(resolved, before, ids, lookup.max_tokens, checked=True)
    lookup.note_write(resolved.id, before.id)
    after = await lookup.find_evaluation(resolved.id)
    run_after = after.run(before.id)
    added = run_after.logs_count - before.logs_count if response.added_logs_count is None else response.added_logs_count
    return summarize_added_logs(after, run_after, ids, added, lookup.max_tokens, checked=checked)


TOOL = Tool(
    function=add_logs_to_run, title="Add logs to a run", search_hint="humanloop", read_only=False, journaled=True
)
