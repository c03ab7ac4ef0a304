"""Forget a person in one workspace: their judgments, logs, reviews, keys, and their name in the journal."""

from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, literal, select, update
from sqlalchemy import delete as delete_rows

from evals_mcp.errors import NotFound
from evals_mcp.keeping.workspaces import OpenWorkspace, empty_log, vacuum_tables
from evals_mcp.models.pseudonyms import new_pseudonym
from evals_mcp.store.database.acts import Act, begin_act, without_act
from evals_mcp.store.logs.deletions import dependants
from evals_mcp.store.removal.people import Traces, delete_person, find_person, is_like, like_names, rename_person
from evals_mcp.store.teams.control_tables import CONTROL_SCHEMA, api_keys

Way = Literal["anonymise", "delete"]

_TOOL = "evals-mcp forget"
_ADMINISTRATORS = (api_keys.c.created_by, api_keys.c.revoked_by)
_IN_CONTROL = {"schema_translate_map": {None: CONTROL_SCHEMA}}


class Found(NamedTuple):
    """How much there is of a person, and other names that may be theirs. `administered` counts keys of others that the
    person created, rotated or revoked; `others` the steps of the person's logs, and the judgments by others of all
    these, which a deletion takes along."""

    judgments: int
    logs: int
    reviews: int
    entries: int
    keys: int
    created: int
    administered: int
    similar: list[str]
    others: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing of this name."""
        counts = (self.judgments, self.logs, self.reviews, self.entries, self.keys, self.created, self.administered)
        return not any(counts)


class Forgotten(NamedTuple):
    """What was found, the pseudonym in the place of the name (none if it was deleted), and whether traces are left.

    `is_clean` is False if a process that reads a SQLite file keeps old rows in its write-ahead log for now.
    """

    found: Found
    pseudonym: str | None
    is_clean: bool


def look_for(opened: OpenWorkspace, name: str, *, with_logs: bool = True) -> Found:
    """Count what there is of a person. Changes nothing."""
    with opened.store.database.read() as connection:
        return _found(connection, opened, name, _traces(connection, name, with_logs=with_logs))


def forget(opened: OpenWorkspace, name: str, way: Way, actor: str | None, *, with_logs: bool = True) -> Forgotten:
    """Replace a person's name by a random pseudonym, or delete what they wrote, in one transaction; revoke their keys.

    The journal has an entry for it, without the name. Raises NotFound if there is nothing.
    """
    database = opened.store.database
    pseudonym = new_pseudonym() if way == "anonymise" else None
    with without_act():
        begin_act(Act(actor=actor if actor != name else None, tool=_TOOL, operation="forget"))
        with database.write() as connection:
            if database.is_sqlite:
                connection.exec_driver_sql("PRAGMA secure_delete=ON")  # else the file keeps what is deleted
            traces = _traces(connection, name, with_logs=with_logs)
            found = _found(connection, opened, name, traces)
            if found.is_empty:
                raise NotFound(f"Nothing here has the name `{name}`.")
            if pseudonym is None:
                delete_person(connection, name, traces, database.now())
            else:
                rename_person(connection, name, traces, pseudonym, database.now())
            _end_keys(connection, opened, name, pseudonym)
    if not database.is_sqlite:
        vacuum_tables(database)
    return Forgotten(found, pseudonym, empty_log(database))


def _traces(connection: Connection, name: str, *, with_logs: bool) -> Traces:
    found = find_person(connection, name)
    return found if with_logs else found._replace(logs=[])


def _found(connection: Connection, opened: OpenWorkspace, name: str, traces: Traces) -> Found:
    of_keys = select(func.count()).select_from(api_keys).where(*_of_person(opened, name))
    keys = connection.execute(of_keys, execution_options=_options(opened)).scalar_one()
    counts = (len(traces.judgments), len(traces.logs), traces.reviews, len(traces.entries), keys)
    named = select(api_keys.c.name, *_ADMINISTRATORS).where(api_keys.c.workspace == opened.name)
    rows = connection.execute(named, execution_options=_options(opened)).all()
    similar = {
        *like_names(connection, name),
        *(other for row in rows for other in row if other and is_like(other, name)),
    }
    administered = sum(name in row[1:] and row.name != name for row in rows)
    others = len(dependants(connection, [*traces.judgments, *traces.logs]))
    return Found(*counts, traces.created, administered, sorted(similar), others)


def _end_keys(connection: Connection, opened: OpenWorkspace, name: str, pseudonym: str | None) -> None:
    """Revoke the keys of a person and rename them, or delete them. Either way they open nothing any more.

    Keys of others do not name the person any more as who created or revoked them.
    """
    for column in _ADMINISTRATORS:
        theirs = update(api_keys).where(api_keys.c.workspace == opened.name, column == name)
        connection.execute(theirs.values({column: pseudonym}), execution_options=_options(opened))
    mine = _of_person(opened, name)
    if pseudonym is None:
        connection.execute(delete_rows(api_keys).where(*mine), execution_options=_options(opened))
        return
    revoked = func.coalesce(api_keys.c.revoked_at, literal(opened.store.database.now(), api_keys.c.revoked_at.type))
    change = update(api_keys).where(*mine).values(name=pseudonym, revoked_at=revoked)
    connection.execute(change, execution_options=_options(opened))


def _of_person(opened: OpenWorkspace, name: str) -> tuple[ColumnElement[bool], ...]:
    return api_keys.c.workspace == opened.name, api_keys.c.name == name


def _options(opened: OpenWorkspace) -> dict[str, object]:
    return {} if opened.store.database.is_sqlite else dict(_IN_CONTROL)
