"""What a workspace has of a person, by name: find it, replace the name, or delete it. Inside a transaction."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Table, Text, bindparam, cast, delete, func, or_, select, update

from evals_mcp.errors import Invalid
from evals_mcp.store.database.many import among
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import (
    evaluations,
    journal,
    judgments,
    logs,
    review_items,
    run_logs,
    runs,
    versions,
)
from evals_mcp.store.logs.deletions import delete_logs
from evals_mcp.store.logs.judgments import author_key
from evals_mcp.store.logs.run_logs import CHANGE_RUNS, recount_run

_SPEAKERS = ("actor", "author", "reviewer", "user")
"""Fields of the journal's JSON values that hold the name of a person."""

_CREATED = (evaluations, runs, versions)
"""The tables that name who created a row."""


class Traces(NamedTuple):
    """What there is of a person: the numbers of judgments and of other logs with this user, and of journal entries.

    `reviews` counts the logs handed out to the person for review, `created` the evaluations, runs and versions that the
    person created.
    """

    judgments: Sequence[int]
    logs: Sequence[int]
    entries: Sequence[int]
    reviews: int
    created: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing."""
        return not (self.judgments or self.logs or self.entries or self.reviews or self.created)


def find_person(connection: Connection, name: str) -> Traces:
    """Find what names a person exactly. Reads all logs once. Raises Invalid for an empty name, which nobody has."""
    if not name.strip():
        raise Invalid("Name a person. Judgments without an author are nobody's.")
    of_user = select(logs.c.number, logs.c.judged_log_number).where(logs.c.extra["user"].as_string() == name)
    rows = connection.execute(of_user.order_by(logs.c.number)).all()
    reviews = select(func.count()).select_from(review_items).where(review_items.c.reviewer == name)
    return Traces(
        [row.number for row in rows if row.judged_log_number is not None],
        [row.number for row in rows if row.judged_log_number is None],
        _entries(connection, name),
        connection.execute(reviews).scalar_one(),
        sum(connection.execute(_created_by(table, name)).scalar_one() for table in _CREATED),
    )


def like_names(connection: Connection, name: str) -> list[str]:
    """Other names here that differ from this one only in capitals, blanks or the way that Unicode writes a letter.

    They may be of the same person.
    """
    found: set[str] = set()
    creators = [table.c.created_by for table in _CREATED]
    users = logs.c.extra["user"].as_string()
    for column in (judgments.c.author, review_items.c.reviewer, journal.c.actor, *creators, users):
        there = connection.execute(select(column).where(column.is_not(None)).distinct()).scalars()
        found |= {other for other in there if is_like(other, name)}
    return sorted(found)


def is_like(other: str, name: str) -> bool:
    """Whether a name is another spelling of a name."""
    return other != name and _folded(other) == _folded(name)


def rename_person(connection: Connection, name: str, found: Traces, pseudonym: str, now: datetime) -> None:
    """Put a pseudonym in the place of a name everywhere. Judgments keep their values and an author of their own."""
    numbers = [*found.judgments, *found.logs]
    for some in batches(numbers):
        extras = connection.execute(select(logs.c.number, logs.c.extra).where(among(connection, logs.c.number, some)))
        changed = [{"of_log": row.number, "extra": {**row.extra, "user": pseudonym}} for row in extras]
        connection.execute(_SET_EXTRA, changed)
    mine = judgments.c.author == author_key(name)
    run_ids = list(connection.execute(select(judgments.c.run_id).where(mine).distinct()).scalars())
    connection.execute(update(judgments).where(mine).values(author=pseudonym))
    _change_runs(connection, sorted({*run_ids, *_runs_with(connection, found.logs)}), now)
    of_reviewer = review_items.c.reviewer == name
    connection.execute(update(review_items).where(of_reviewer).values(reviewer=pseudonym))
    _rename_creator(connection, name, pseudonym)
    _rename_entries(connection, found.entries, name, pseudonym)


def delete_person(connection: Connection, name: str, found: Traces, now: datetime) -> None:
    """Delete a person's judgments, logs and reviews. What the person created stays, and so do entries of the
    journal, without the name."""
    numbers = [*found.judgments, *found.logs]
    ids = [
        id
        for some in batches(numbers)
        for id in connection.execute(select(logs.c.id).where(among(connection, logs.c.number, some))).scalars()
    ]
    mine = judgments.c.author == author_key(name)
    run_ids = list(connection.execute(select(judgments.c.run_id).where(mine).distinct()).scalars())
    # No judgment of others depends on whether all of one author's are there, so they go at once.
    connection.execute(delete(judgments).where(mine))
    for some in batches(found.judgments):
        of_these = among(connection, logs.c.number, some)
        connection.execute(update(logs).where(of_these).values(judged_log_number=None))
    if ids:
        delete_logs(connection, ids, now)
    for run_id in sorted(run_ids):
        recount_run(connection, run_id, now)
    connection.execute(delete(review_items).where(review_items.c.reviewer == name))
    _rename_creator(connection, name, None)
    _rename_entries(connection, found.entries, name, None)


def _created_by(table: Table, name: str) -> Select[int]:
    return select(func.count()).select_from(table).where(table.c.created_by == name)


def _rename_creator(connection: Connection, name: str, other: str | None) -> None:
    for table in _CREATED:
        connection.execute(update(table).where(table.c.created_by == name).values(created_by=other))


def _entries(connection: Connection, name: str) -> list[int]:
    """The entries of the journal that a person made, or whose values name the person."""
    quoted = json.dumps(name, ensure_ascii=False)
    named = (cast(column, Text).contains(quoted, autoescape=True) for column in (journal.c.result, journal.c.before))
    wanted = select(journal.c.number, journal.c.actor, journal.c.result, journal.c.before)
    rows = connection.execute(wanted.where(or_(journal.c.actor == name, *named)).order_by(journal.c.number))
    return [row.number for row in rows if row.actor == name or _names(row.result, name) or _names(row.before, name)]


def _rename_entries(connection: Connection, numbers: Sequence[int], name: str, other: str | None) -> None:
    for some in batches(numbers):
        wanted = select(journal.c.number, journal.c.actor, journal.c.result, journal.c.before)
        for row in connection.execute(wanted.where(among(connection, journal.c.number, some))).all():
            values = {
                "actor": other if row.actor == name else row.actor,
                "result": _renamed(row.result, name, other),
                "before": _renamed(row.before, name, other),
            }
            connection.execute(update(journal).where(journal.c.number == row.number).values(**values))


def _names(value: Any, name: str) -> bool:
    return bool(_renamed(value, name, None) != value)


def _renamed(value: Any, name: str, other: str | None) -> Any:
    """A JSON value with another name in the fields that hold names of people."""
    if isinstance(value, Mapping):
        return {
            key: other if key in _SPEAKERS and item == name else _renamed(item, name, other)
            for key, item in value.items()
        }
    return [_renamed(item, name, other) for item in value] if isinstance(value, list) else value


def _runs_with(connection: Connection, numbers: Sequence[int]) -> set[str]:
    found: set[str] = set()
    for some in batches(numbers):
        of_logs = among(connection, run_logs.c.log_number, some)
        found |= set(connection.execute(select(run_logs.c.run_id).where(of_logs).distinct()).scalars())
    return found


def _change_runs(connection: Connection, run_ids: Sequence[str], now: datetime) -> None:
    """Say that runs changed, so that no answer comes from what was computed before."""
    for some in batches(run_ids):
        connection.execute(CHANGE_RUNS, {"of_runs": some, "now": now})


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


_SET_EXTRA = update(logs).where(logs.c.number == bindparam("of_log")).values(extra=bindparam("extra"))
