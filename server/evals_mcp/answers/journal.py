"""The journal as text: one line for each write, newest first."""

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.frame.tables import table
from evals_mcp.models.journal import JournalEntry, JournalPage

_LOGS = 3


def summarize_journal(found: JournalPage, budget: int, evaluation: str | None = None) -> Quoted:
    """The newest writes of a workspace, or about the evaluation with this id, how long they are kept, since when."""
    answer = Answer(budget)
    days = figures.count(found.kept_days, "day")
    if found.since is None:
        answer.head(f"No writes in the journal. Entries are kept for {days}.")
        return answer.text()
    since = figures.date(found.since)
    about: Quoted = f" about evaluation {name(evaluation)}" if evaluation else ""
    over: Quoted = "Over " if found.total_is_least else ""
    answer.head(
        f"{over}{figures.count(found.total, 'write')}{about} since {since}, newest first. Entries are kept for {days}."
    )
    headers: list[Quoted] = ["time (UTC)", "actor", "through", "write", "of", "rows", "changed", "state", "handle"]
    lines = table(headers, [_cells(entry) for entry in found.records])

    def footer(shown: int) -> Quoted:
        left = found.total - shown
        return f"{over}{figures.count(left, 'older write')} left out. `evals-mcp journal` lists all." if left else ""

    answer.rows(lines[1:], footer, header=lines[0])
    return answer.text()


def write_state(entry: JournalEntry) -> Quoted:
    """Whether a write was undone or can be, or which one must be undone first."""
    if entry.undone_at is not None:
        return "undone"
    if entry.undo_first is not None:
        return f"undo {name(entry.undo_first)} first"
    return "can be undone" if entry.undoable else ""


def written(entry: JournalEntry) -> Quoted:
    """What a write is of: its subject, or the logs and the evaluator of labels: `log_a by mode in evr_x`."""
    judged = entry.result.get("judged_log_id")
    labels = entry.result.get("labels")
    evaluator = (entry.evaluator or str(entry.result.get("evaluator_id") or "")).rpartition("/")[2]
    by: Quoted = f" by {name(evaluator)}" if evaluator else ""
    if entry.kind == "create_judgment" and isinstance(judged, str):
        return f"{name(entry.subject)} of {name(judged)}{by}"
    if entry.kind == "label_logs" and isinstance(labels, list):
        ids = [name(str(label["log_id"])) for label in labels if isinstance(label, dict) and "log_id" in label]
        return f"{figures.listed(ids, _LOGS)}{by} in {name(entry.subject)}"
    return name(entry.subject)


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
        written(entry),
        rows_of_write(entry),
        ", ".join([name(field) for field in entry.changed]),
        write_state(entry),
        name(entry.id),
    ]
