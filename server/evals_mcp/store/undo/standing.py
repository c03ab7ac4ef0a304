"""Which of the newest writes cannot be undone yet, because later ones stand on them. Changes nothing."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from evals_mcp.errors import Conflict, NotFound
from evals_mcp.store.journal.entries import handle

_IN_BACKTICKS = re.compile(r"`([^`]+)`")
_MOST_ROWS = 20_000
_OF_LOGS = ("create_log", "create_judgment", "label_logs", "log_outputs")


class Refusal(NamedTuple):
    """Why a write cannot be undone now, and the handle of the write to undo first."""

    words: str
    first: str


def read_refusals(
    connection: Connection,
    newest: Sequence[Row[Any]],
    now: datetime,
    try_undo: Callable[[Connection, Row[Any], datetime], None],
) -> dict[int, Refusal]:
    """The refusals by the numbers of the entries, for the newest entries of the journal, newest first.

    Only an entry that a later one is about is tried, in a transaction that must be rolled back. A large import is not:
    that would take too long for a list.
    """
    refusals = {}
    for position, entry in enumerate(newest):
        later = [row for row in newest[:position] if row.undone_at is None and _may_stand_on(row, entry)]
        if not later or not _can_be_tried(entry):
            continue
        savepoint = connection.begin_nested()
        try:
            try_undo(connection, entry, now)
        except (Conflict, NotFound) as error:
            refusals[entry.number] = Refusal(str(error), _first(str(error), later))
        finally:
            savepoint.rollback()
    return refusals


def candidates(newest: Sequence[Row[Any]]) -> bool:
    """Whether any of the newest entries, newest first, has to be tried."""
    return any(
        _can_be_tried(entry) and row.undone_at is None and _may_stand_on(row, entry)
        for position, entry in enumerate(newest)
        for row in newest[:position]
    )


def _can_be_tried(entry: Row[Any]) -> bool:
    if entry.before is None or entry.undone_at is not None:
        return False
    return entry.kind != "import" or bool(sum(entry.result["added"].values()) <= _MOST_ROWS)


def _may_stand_on(later: Row[Any], entry: Row[Any]) -> bool:
    if "undo" in (later.kind, entry.kind):
        return False
    return entry.kind == "import" or later.kind == "import" or not _brought(entry, later).isdisjoint(_named(later))


def _brought(entry: Row[Any], later: Row[Any]) -> set[str]:
    """What an undo of an entry takes back: logs alone if it wrote logs, unless their run changed with them or since."""
    if entry.kind not in _OF_LOGS or later.kind == "update_run" or (entry.kind == "log_outputs" and entry.before):
        return _named(entry)
    labels = [id for label in entry.result.get("labels", ()) for id in (label["id"], label["log_id"])]
    judged = entry.result.get("judged_log_id")
    runs = entry.result["run_ids"] if entry.kind == "create_log" and entry.before else ()
    own = entry.result.get("log_ids") or ([] if labels else [entry.subject])
    return {*own, *labels, *runs, *([judged] if judged else [])}


def _named(entry: Row[Any]) -> set[str]:
    return {entry.subject, *_texts(entry.result)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _first(words: str, later: Sequence[Row[Any]]) -> str:
    """The newest of these writes that is, or is about, what a refusal names."""
    named = set(_IN_BACKTICKS.findall(words))
    about = [row for row in later if handle(row) in named or not named.isdisjoint(_named(row))]
    return handle((about or list(later))[0])
