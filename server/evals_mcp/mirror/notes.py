"""Notes on rows from another server: which are missing, and how old they are. Pure."""

from collections.abc import Mapping, Sequence

from evals_mcp.answers.frame.figures import count, listed
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.errors import EvalsError
from evals_mcp.mirror.run_rows import RunRows

_MESSAGE = 160
_LISTED = 8


def run_notes(runs: Sequence[RunRows], labels: Mapping[str, str]) -> list[Quoted]:
    """Notes on runs with missing rows."""
    notes: list[Quoted] = []
    if unread := [rows for rows in runs if not rows.pages.is_whole and not rows.pages.failures]:
        parts: list[Quoted] = [f"{_logs(rows)} of {name(labels[rows.run_id])}" for rows in unread]
        notes.append(f"Read only {listed(parts, _LISTED)} in time. Figures cover these. Ask again to continue.")
    for rows in runs:
        run = name(labels[rows.run_id])
        if rows.pages.failures:
            missing = max(rows.pages.expected - rows.pages.records, 1)
            why = _message(next(iter(rows.pages.failures.values())))
            notes.append(
                f"Could not read {count(missing, 'log')} of {run} ({why}). Figures exclude them. Ask again to retry."
            )
        elif rows.pages.is_whole and rows.pages.records != rows.pages.expected and not rows.was_changing:
            notes.append(
                f"The server counts {count(rows.pages.expected, 'log')} in {run} but lists "
                f"{count(rows.pages.records)}. Figures cover the listed ones."
            )
        if rows.lost_logs:
            notes.append(
                f"Excluded from {run}: {count(rows.lost_logs, 'unreadable log')} ({quote(rows.why_lost, _MESSAGE)})."
            )
        if rows.lost_judgments:
            notes.append(f"Excluded from {run}: {count(rows.lost_judgments, 'unreadable judgment')}.")
    if changing := [name(labels[rows.run_id]) for rows in runs if rows.was_changing]:
        notes.append(
            f"Changed while we read it: {listed(changing, _LISTED)}. Figures may be off by a few logs. Ask again later."
        )
    return notes


def age_note(seconds: float) -> Quoted:
    """A note on the age of the oldest rows."""
    return f"Rows read {_age(seconds)} ago; the server shows no change since."


def files_note(unread: Mapping[str, EvalsError | None]) -> Quoted:
    """A note on files (by path) whose evaluations could not be listed, with the error, if any."""
    errors = [error for error in unread.values() if error is not None]
    why = _message(errors[0]) if errors else "out of time"
    files = listed([name(path) for path in unread], _LISTED)
    return f"Could not list the evaluations of {count(len(unread), 'file')} ({why}): {files}."


def datapoints_note(path: str, error: EvalsError | None) -> Quoted:
    """A note on a dataset with unread datapoints."""
    why = "out of time" if error is None else _message(error)
    return f"Could not read datapoints of {name(path)} ({why}). Inputs and targets may be missing. Ask again to retry."


def unreadable_note(ids: Sequence[str]) -> Quoted:
    """A note on unreadable runs and evaluators."""
    return f"Excluded as unreadable: {listed([name(id) for id in ids], _LISTED)}."


def _logs(rows: RunRows) -> Quoted:
    return f"{count(rows.pages.records)} of {count(rows.pages.expected, 'log')}"


def _message(error: EvalsError) -> Quoted:
    return quote(str(error), _MESSAGE)


def _age(seconds: float) -> Quoted:
    if seconds < 60:
        return f"{count(max(1, round(seconds)))} s"
    minutes = round(seconds / 60)
    return f"{count(minutes)} min" if minutes < 120 else f"{count(round(minutes / 60))} h"
