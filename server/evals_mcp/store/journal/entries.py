"""Entries of the journal inside the transaction of their write: record one, find that of a repeated request."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Row, Text, bindparam, cast, delete, select, update

from evals_mcp.errors import Conflict, Invalid
from evals_mcp.store.database.acts import Act as Act
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import journal, journal_names, journal_rows

_OF_A_LOG = ("create_log", "create_judgment")
"""Kinds of entries that are found by the runs of their log. Nothing is added to each of these writes."""
_NAMING = ("id", "evaluation_id", "run_id", "run_ids", "created", "changed", "deleted")


class _Written(NamedTuple):
    number: int
    subject: str
    result: Mapping[str, Any]


def repeated(connection: Connection, act: Act | None) -> dict[str, Any] | None:
    """The result of the earlier write with this request id; None if there is none.

    Raises Invalid if that was another request, and Conflict if it was undone.
    """
    if act is None or act.request_id is None:
        return None
    row = connection.execute(_OF_REQUEST, {"of_key": act.key_id, "of_request": act.request_id}).first()
    if row is None:
        return None
    if row.request_digest != act.digest:
        raise Invalid(
            "This request id belongs to another request. Nothing was written. Give each request an id of its own.",
            ("header", "Idempotency-Key"),
        )
    if row.undone_at is not None:
        raise Conflict(f"Write `{handle(row)}` of this request id was undone. Repeat it with another request id.")
    act.entry, act.repeats, act.undoable = handle(row), True, row.before is not None
    result: dict[str, Any] = row.result
    return result


def has_request(act: Act | None) -> bool:
    """Whether a write has an entry also if it changes nothing, so that its repeat changes nothing, too."""
    return act is not None and act.request_id is not None


def refuse_request_id(act: Act) -> None:
    """Raise Invalid for a request with an id whose answer cannot be given again."""
    if act.request_id is not None and not act.repeatable:
        raise Invalid(
            "This route cannot give its answer again, so it takes no request id. Nothing was written. Send the "
            "request without this header.",
            ("header", "Idempotency-Key"),
        )


def record(
    connection: Connection,
    act: Act | None,
    kind: str,
    subject: str,
    result: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    now: datetime,
) -> None:
    """Add the entry of a write. Without an act there is none.

    `kind` is a `WriteKind`, or the name of a route's operation. `subject` is the id of what was written, `result` the
    ids of the answer, `before` what the inverse needs.
    """
    if act is None:
        return
    tag = secrets.token_hex(4)
    values = {
        "tag": tag,
        "created_at": now,
        "key_id": act.key_id,
        "actor": act.actor,
        "tool": act.tool,
        "route": act.route,
        "kind": kind,
        "subject": subject,
        "result": result,
        "before": before,
        "request_id": act.request_id,
        "request_digest": act.digest,
    }
    number = connection.execute(_INSERT, values).inserted_primary_key
    assert number is not None
    if kind not in _OF_A_LOG:
        _add_names(connection, [_Written(number[0], subject, result)])
    act.entry, act.undoable, act.kind = f"write_{number[0]}_{tag}", before is not None, kind


def add_rows(connection: Connection, act: Act | None, kind: Literal["import", "server"], content: Any) -> None:
    """Note other rows that the write of a request brought. Without an entry there is none."""
    if act is not None and act.entry is not None:
        entry = int(act.entry.split("_")[1])
        connection.execute(_INSERT_ROWS, {"entry": entry, "kind": kind, "content": content})


def rows_of(connection: Connection, entry: int, kind: Literal["import", "server"]) -> list[Any]:
    """The notes of such rows by the number of their entry, oldest first."""
    mine = (journal_rows.c.entry == entry, journal_rows.c.kind == kind)
    statement = select(journal_rows.c.content).where(*mine).order_by(journal_rows.c.number)
    return list(connection.execute(statement).scalars())


def forget_texts(connection: Connection, log_ids: Iterable[str]) -> None:
    """Delete what the journal has of the texts of logs that are deleted."""
    for batch in batches(list(log_ids)):
        of_logs = (journal.c.subject.in_(batch), journal.c.kind != "import")  # an import keeps no texts
        connection.execute(update(journal).where(*of_logs).values(before=None))


def keep_names(connection: Connection, log_ids: Iterable[str]) -> None:
    """Note the runs of logs that are deleted with the entries of their creation: nothing else leads there any more."""
    for batch in batches(list(log_ids)):
        created = select(journal.c.number, journal.c.subject, journal.c.result)
        rows = connection.execute(created.where(journal.c.subject.in_(batch), journal.c.kind.in_(_OF_A_LOG))).all()
        if rows:
            connection.execute(delete(journal_names).where(journal_names.c.entry.in_([row.number for row in rows])))
            _add_names(connection, rows)


def _add_names(connection: Connection, entries: Iterable[Any]) -> None:
    """Note which evaluations and runs entries name beside their subjects, so that they are found by each of them.

    Entries have a `number`, a `subject` and a `result`.
    """
    found = []
    for entry in entries:
        ids: set[str] = set()
        for value in (entry.result[key] for key in _NAMING if key in entry.result):
            ids.update(id for id in ([value] if isinstance(value, str) else value or ()) if not id.startswith("log_"))
        found += [{"entry": entry.number, "id": id} for id in sorted(ids - {entry.subject})]
    if found:
        connection.execute(_INSERT_NAMES, found)


def later_changes(connection: Connection, entry: int) -> list[Row[Any]]:
    """The entries after this one that changed several rows, newest first: each is about one of them.

    Rows of number, tag, subject and result, whose `changed` has all ids.
    """
    since = (journal.c.number > entry, journal.c.undone_at.is_(None))
    several = cast(journal.c.result, Text).contains('"changed"')
    found = select(journal.c.number, journal.c.tag, journal.c.subject, journal.c.result).where(*since, several)
    return list(connection.execute(found.order_by(journal.c.number.desc())))


def handle(row: Any) -> str:
    """The id of an entry: its number and its tag."""
    return f"write_{row.number}_{row.tag}"


# Build the statements once: building takes several times as long as running.
_INSERT = journal.insert()
_INSERT_NAMES = journal_names.insert()
_INSERT_ROWS = journal_rows.insert()
_OF_REQUEST = select(
    journal.c.number,
    journal.c.tag,
    journal.c.result,
    journal.c.before,
    journal.c.request_digest,
    journal.c.undone_at,
).where(journal.c.key_id == bindparam("of_key"), journal.c.request_id == bindparam("of_request"))
