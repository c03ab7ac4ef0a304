"""The journal as text: one line for each write, newest first."""

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.frame.tables import table
from evals_mcp.models.journal import JournalEntry, JournalPage


def summarize_journal(found: JournalPage, budget: int) -> Quoted:
    """The newest writes of a workspace, with what kept them and since when."""
    answer = Answer(budget)
    days = figures.count(found.kept_days, "day")
    if found.since is None:
        answer.head(f"No writes in the journal. Entries are kept for {days}.")
        return answer.text()
    since = figures.date(found.since)
    answer.head(f"{figures.count(found.total, 'write')} since {since}, newest first. Entries are kept for {days}.")
    headers: list[Quoted] = ["time (UTC)", "actor", "through", "write", "of", "rows", "changed", "state", "handle"]
    lines = table(headers, [_cells(entry) for entry in found.records])

    def footer(shown: int) -> Quoted:
        left = found.total - shown
        return f"{figures.count(left, 'older write')} left out. `evals-mcp journal` lists all." if left else ""

    answer.rows(lines[1:], footer, header=lines[0])
    return answer.text()


def write_state(entry: JournalEntry) -> Quoted:
    """Whether a write can be undone or was."""
    if entry.undone_at is not None:
        return "undone"
    return "can be undone" if entry.undoable else ""


def rows_of_write(entry: JournalEntry) -> Quoted:
    """The rows that an import added, by kind."""
    added = entry.result.get("added")
    if not isinstance(added, dict):
        return ""
    return ", ".join([f"{name(kind)} {figures.count(int(rows))}" for kind, rows in added.items()])


def _cells(entry: JournalEntry) -> list[Quoted]:
    through = entry.tool or entry.route
    return [
        figures.date(entry.created_at),
        name(entry.actor) if entry.actor else "",
        name(through) if through else "",
        name(entry.kind),
        name(entry.subject),
        rows_of_write(entry),
        ", ".join([name(field) for field in entry.changed]),
        write_state(entry),
        name(entry.id),
    ]
