"""Writes as the journal has them, and an undo of one."""

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.calls import next_call
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.answers.journal import written
from evals_mcp.models.journal import JournalEntry, JournalPage


def list_writes(page: JournalPage, budget: int) -> Quoted:
    """The last writes, newest first, and whether each can be undone."""
    answer = Answer(budget)
    if not page.records:
        answer.head("Nothing was written yet, so there is nothing to undo.")
        return answer.text()
    over: Quoted = "over " if page.total_is_least else ""
    total = figures.count(page.total, "write")
    answer.head(f"The last {figures.count(len(page.records))} of {over}{total}, newest first:")
    for entry in page.records:
        answer.line(_listed(entry))
    undoable = next((entry for entry in page.records if entry.undoable and entry.refusal is None), None)
    if undoable is not None:
        answer.offer(f"Next: {next_call('undo', write=undoable.id)}")
    return answer.text()


def summarize_undo(entry: JournalEntry, budget: int, *, dry_run: bool) -> Quoted:
    """A write that was undone, or could be."""
    answer = Answer(budget)
    start: Quoted = "Dry run, nothing was undone. It would undo" if dry_run else "Undone:"
    answer.head(f"{start} {describe_write(entry)}.")
    if not dry_run:
        answer.line(
            "An undo cannot be undone. To get this back, repeat the call, with another request_id if it had one."
        )
    return answer.text()


def describe_write(entry: JournalEntry) -> Quoted:
    """A write in words: `set_up run_x (4 rows) through set_up_run by "Ana" at 2026-05-01 12:30Z`."""
    parts = [*map(name, entry.changed), *([figures.count(entry.rows_count, "row")] if entry.rows_count > 1 else [])]
    detail: Quoted = f" ({', '.join(parts)})" if parts else ""
    through = name(entry.tool) if entry.tool else quote(entry.route, 100) if entry.route else ""
    by: Quoted = f" through {through}" if through else ""
    by += f" by {quote(entry.actor, 100)}" if entry.actor else ""
    return f"{name(entry.kind)} {written(entry)}{detail}{by} at {figures.date(entry.created_at)}"


def _listed(entry: JournalEntry) -> Quoted:
    state: Quoted = "was undone" if entry.undone_at else "cannot be undone"
    if entry.undoable:
        state = f"undo {name(entry.undo_first)} first" if entry.undo_first else "can be undone"
    return f"- {name(entry.id)}: {describe_write(entry)}; {state}"
