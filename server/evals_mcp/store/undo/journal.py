"""The journal of a workspace: list its writes, take one back."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.models.journal import JournalEntry, JournalPage
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.pages import window
from evals_mcp.store.database.tables import files, journal
from evals_mcp.store.evaluations.judge_examples import undo_examples
from evals_mcp.store.journal.about import entries_about
from evals_mcp.store.journal.entries import Act, handle, record, repeated
from evals_mcp.store.logs.own_judgments import require_own_write
from evals_mcp.store.undo.import_inverse import check_undo_of_import, undo_import
from evals_mcp.store.undo.label_inverses import undo_labels
from evals_mcp.store.undo.log_inverses import (
    undo_changed_log,
    undo_judgment,
    undo_new_log,
    undo_outputs,
    undo_server_logs,
)
from evals_mcp.store.undo.run_inverses import (
    undo_added_logs,
    undo_changed_run,
    undo_new_evaluation,
    undo_new_run,
)
from evals_mcp.store.undo.set_up_inverses import undo_added_evaluators, undo_set_up
from evals_mcp.store.undo.standing import Refusal, candidates, read_refusals

_INVERSES: dict[str, Callable[[Connection, Row[Any], datetime], None]] = {
    "create_log": undo_new_log,
    "create_judgment": undo_judgment,
    "update_log": undo_changed_log,
    "create_run": undo_new_run,
    "update_run": undo_changed_run,
    "create_evaluation": undo_new_evaluation,
    "log_outputs": undo_outputs,
    "add_logs": undo_added_logs,
    "add_evaluators": undo_added_evaluators,
    "set_up": undo_set_up,
    "label_logs": undo_labels,
    "mark_examples": undo_examples,
    "import": undo_import,
}
_SEVERAL = {
    "log_outputs": "log_ids",
    "add_logs": "log_ids",
    "add_evaluators": "evaluators",
    "set_up": "created",
    "label_logs": "labels",
}
"""The kinds of writes of several things, and where their results have them."""

_CHECKED = 20
_COUNTED = 10_000
_NO_PATHS: Mapping[str, str] = {}
_HANDLE = re.compile(r"write_([1-9]\d{0,17})_([0-9a-f]{8})")


class Journal:
    """The writes of a workspace, of the last `days`."""

    def __init__(self, database: Database, days: int) -> None:
        self._database = database
        self._days = days

    def page(self, page: int, size: int, evaluation_id: str | None = None, *, check: bool = False) -> JournalPage:
        """A page of the writes, newest first: of all, or of those about an evaluation. Raises NotFound.

        With `check`, those among the newest 20 of all that cannot be undone now say why.
        """
        with self._database.read() as connection:
            limit, offset = window(page, size)
            since = connection.execute(select(journal.c.created_at).order_by(journal.c.number).limit(1)).scalar()
            newest_first = select(journal).order_by(journal.c.number.desc())
            if evaluation_id is None:
                total, is_least = _count(connection, offset + limit)
                asked = newest_first.limit(limit).offset(offset)
            else:
                numbers = entries_about(connection, evaluation_id)
                total, is_least = len(numbers), False
                asked = newest_first.where(journal.c.number.in_(numbers[offset : offset + limit]))
            rows = connection.execute(asked).all()
            newest = connection.execute(newest_first.limit(_CHECKED)).all() if check else []
            paths = _evaluator_paths(connection, rows)
        refusals = self._refusals(newest)
        return JournalPage(
            records=[_entry(row, paths, refusals.get(row.number)) for row in rows],
            page=page,
            size=limit,
            total=total,
            total_is_least=is_least or None,
            kept_days=self._days,
            since=since,
        )

    def _refusals(self, newest: Sequence[Row[Any]]) -> dict[int, Refusal]:
        if not candidates(newest):
            return {}
        with self._database.write(dry_run=True) as connection:
            return read_refusals(connection, newest, self._database.now(), _try_undo)

    def undo(self, write: str, act: Act | None = None, *, dry_run: bool = False, confirm: bool = False) -> JournalEntry:
        """Take a write back by its handle, exactly and once. The answer is the entry of the undo.

        With `dry_run`, nothing is undone, and the answer is the entry of the write. Raises NotFound for a handle of
        another database, and Conflict if the write was undone, has no inverse, or something was built on it since.
        Raises Invalid for a write of several rows that could be undone, unless `confirm` is true.
        """
        act = act or Act()
        with self._database.write(dry_run=dry_run) as connection:
            if dry_run or repeated(connection, act) is None:
                now = self._database.now()
                entry = _find(connection, write)
                require_own_write(entry.key_id, entry.actor)
                if entry.undone_at is not None:
                    raise Conflict(f"Write `{write}` was undone before. A write is undone once.")
                if entry.before is None:
                    raise Conflict(f"Write `{write}` cannot be undone: what it replaced is not in the journal.")
                is_confirmed = confirm or _rows_count(entry) <= 1
                if dry_run or not is_confirmed:
                    _try_undo(connection, entry, now)
                    _require_confirmation(entry, confirm=is_confirmed or dry_run)
                    return _entry(entry, _evaluator_paths(connection, [entry]))
                _undo(connection, entry, now)
                connection.execute(update(journal).where(journal.c.number == entry.number).values(undone_at=now))
                record(connection, act, "undo", write, {"undone": write}, None, now)
            assert act.entry is not None
            return _entry(_find(connection, act.entry))


def _count(connection: Connection, end: int) -> tuple[int, bool]:
    """How many entries there are, up to some thousand after a page that ends there, and whether there are more.

    Counting all would make the first page slower with each write.
    """
    most = end + _COUNTED
    some = select(journal.c.number).limit(most + 1).subquery()
    found = connection.execute(select(func.count()).select_from(some)).scalar_one()
    return min(found, most), found > most


def _undo(connection: Connection, entry: Row[Any], now: datetime) -> None:
    undo_server_logs(connection, entry, now)
    _INVERSES[entry.kind](connection, entry, now)


def _try_undo(connection: Connection, entry: Row[Any], now: datetime) -> None:
    """Raise what an undo would raise, in a transaction that is rolled back. Of an import, nothing is deleted."""
    undo_server_logs(connection, entry, now)
    {**_INVERSES, "import": check_undo_of_import}[entry.kind](connection, entry, now)


def _evaluator_paths(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, str]:
    """The paths of the evaluators of labels and judgments, by their ids."""
    ids = {_evaluator_id(row) for row in rows} - {None}
    found = connection.execute(select(files.c.id, files.c.path).where(files.c.id.in_(sorted(ids)))) if ids else ()
    return {row.id: row.path for row in found}


def _evaluator_id(row: Row[Any]) -> Any:
    return row.result.get({"label_logs": "evaluator_id", "create_judgment": "file_id"}.get(row.kind))


def _require_confirmation(entry: Row[Any], *, confirm: bool) -> None:
    """Raise Invalid for a write of several rows that nobody has confirmed, with their number."""
    rows = _rows_count(entry)
    if rows > 1 and not confirm:
        added = entry.result.get("added") or {}
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in added.items())
        what = f"deletes {rows:,} rows ({kinds})" if kinds else f"takes back {rows:,} rows of `{entry.kind}`"
        raise Invalid(f"This undo {what}. Nothing was undone yet. Repeat it with `confirm=true`.", ("query", "confirm"))


def _find(connection: Connection, write: str) -> Row[Any]:
    parts = _HANDLE.fullmatch(write)
    row = None
    if parts is not None:
        of_entry = (journal.c.number == int(parts[1]), journal.c.tag == parts[2])
        row = connection.execute(select(journal).where(*of_entry)).first()
    if row is None:
        raise NotFound(f"The journal of this database has no write `{write}`.")
    return row


def _entry(row: Row[Any], paths: Mapping[str, str] = _NO_PATHS, refusal: Refusal | None = None) -> JournalEntry:
    changed = row.before.get("values", ()) if row.before else ()
    return JournalEntry(
        id=handle(row),
        **{name: getattr(row, name) for name in _FIELDS},
        changed=sorted(changed),
        rows_count=_rows_count(row),
        undoable=row.before is not None and row.undone_at is None,
        refusal=None if refusal is None else refusal.words,
        undo_first=None if refusal is None else refusal.first,
        evaluator=paths.get(_evaluator_id(row)) or row.result.get("evaluator"),
    )


def _rows_count(row: Row[Any]) -> int:
    if row.kind == "import":
        return sum(row.result["added"].values())
    return len(row.result[_SEVERAL[row.kind]]) if row.kind in _SEVERAL else 1


_FIELDS = ("created_at", "actor", "tool", "route", "kind", "subject", "result", "request_id", "undone_at")
