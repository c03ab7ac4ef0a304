"""What a reader must know of rows that came from another server: which are missing, and how old they are; pure."""

from collections.abc import Mapping, Sequence

from evals_mcp.answers.frame.figures import count
from evals_mcp.answers.frame.quoting import name, quote
from evals_mcp.errors import EvalsError
from evals_mcp.mirror.run_rows import RunRows

_MESSAGE = 160
_LISTED = 8


def run_notes(runs: Sequence[RunRows], labels: Mapping[str, str]) -> list[str]:
    """Notes on runs whose rows are not all that the server has."""
    notes = []
    if unread := [rows for rows in runs if not rows.pages.is_whole and not rows.pages.failures]:
        parts = [f"{_logs(rows)} of {name(labels[rows.run_id])}" for rows in unread]
        notes.append(f"Not read to the end in time: {_listed(parts)}. Figures cover what was read; ask again to go on.")
    for rows in runs:
        run = name(labels[rows.run_id])
        if rows.pages.failures:
            missing = max(rows.pages.expected - rows.pages.records, 1)
            why = _message(next(iter(rows.pages.failures.values())))
            notes.append(
                f"Could not be read: {count(missing, 'log')} of {run} ({why}). Figures lack them; ask again to retry."
            )
        elif rows.pages.is_whole and rows.pages.records != rows.pages.expected and not rows.was_changing:
            notes.append(
                f"The server counts {count(rows.pages.expected, 'log')} in {run} but lists {rows.pages.records:,}. "
                "Figures cover the listed ones."
            )
        if rows.lost_logs:
            notes.append(
                f"Left out of {run}: {count(rows.lost_logs, 'unreadable log')} ({quote(rows.why_lost, _MESSAGE)})."
            )
        if rows.lost_judgments:
            notes.append(f"Left out of {run}: {count(rows.lost_judgments, 'unreadable judgment')}.")
    if changing := [name(labels[rows.run_id]) for rows in runs if rows.was_changing]:
        notes.append(
            f"Changing while it was read: {_listed(changing)}. Figures may be off by some logs; ask again later."
        )
    return notes


def age_note(seconds: float) -> str:
    """A note on rows that were read before, of which the oldest are so old."""
    return f"Rows read {_age(seconds)} ago; the server shows no change since."


def files_note(unread: Mapping[str, EvalsError | None]) -> str:
    """A note on files, by path, whose evaluations could not be listed, with the error if there was one."""
    errors = [error for error in unread.values() if error is not None]
    why = _message(errors[0]) if errors else "out of time"
    files = _listed([name(path) for path in unread])
    return f"Evaluations of {count(len(unread), 'file')} could not be listed ({why}): {files}."


def datapoints_note(path: str, error: EvalsError | None) -> str:
    """A note on a dataset whose datapoints could not all be read."""
    why = "out of time" if error is None else _message(error)
    return (
        f"Datapoints of {name(path)} could not be read ({why}): inputs and targets may be missing. Ask again to retry."
    )


def unreadable_note(ids: Sequence[str]) -> str:
    """A note on runs and evaluators of an evaluation that our models cannot hold."""
    return f"Left out because they cannot be read: {_listed([name(id) for id in ids])}."


def _logs(rows: RunRows) -> str:
    return f"{rows.pages.records:,} of {count(rows.pages.expected, 'log')}"


def _listed(parts: Sequence[str]) -> str:
    more = len(parts) - _LISTED
    return ", ".join(parts[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def _message(error: EvalsError) -> str:
    return quote(str(error), _MESSAGE)


def _age(seconds: float) -> str:
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"
