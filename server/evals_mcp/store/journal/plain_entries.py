"""Every write of a request has an entry: one that records none itself gets a plain one, unless it declares that it
leaves none. Old entries are pruned."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, text

from evals_mcp.store.database.acts import Act, current_act
from evals_mcp.store.database.database import Database, driver_connection
from evals_mcp.store.database.tables import journal, journal_names, journal_rows
from evals_mcp.store.journal.entries import record, refuse_request_id

DEFAULT_DAYS = 90
"""How long entries are there, unless a setting says another number of days."""

_PRUNED_AT_ONCE = 1_000
_PAUSE = timedelta(hours=1)


class Journaling:
    """Goes around the writes of a database, inside their transactions. Entries older than `days` are deleted."""

    def __init__(self, database: Database, days: int = DEFAULT_DAYS) -> None:
        self._database = database
        self.days = days
        self._next_pruning = database.now()

    @contextmanager
    def around(self, connection: Connection) -> Iterator[None]:
        """A write. If it changes data in a request and records nothing, it gets a plain entry, or none if unjournaled.

        A request has one entry: further transactions of it add none. Raises Invalid for a request id that the write
        cannot answer again.
        """
        act = current_act()
        if act is None or act.entry is not None:
            yield
            return
        # On PostgreSQL, nothing was written yet, and a question costs a way to the server.
        changes = self._changes(connection) if self._database.is_sqlite else False
        try:
            yield
            if not _is_recorded(act) and self._changes(connection) != changes:
                self._record(connection, act)
            if _is_recorded(act) and not act.repeats:
                self._prune(connection)
        except BaseException:
            act.entry, act.repeats = None, False
            act.noted.clear()
            raise

    def _changes(self, connection: Connection) -> Any:
        """A value that differs once the transaction has changed a row."""
        if self._database.is_sqlite:
            return driver_connection(connection).total_changes
        return connection.execute(_ASSIGNED).scalar_one()

    def _record(self, connection: Connection, act: Act) -> None:
        """Add a plain entry, whose result has the ids in the path and those that were noted."""
        refuse_request_id(act)
        if act.unjournaled:
            return
        in_path = next((act.ids[name] for name in _SUBJECTS if name in act.ids), next(iter(act.ids.values()), ""))
        subject = next((act.noted[done][-1] for done in _MOST_TELLING if act.noted.get(done)), in_path)
        plain = Act(act.key_id, act.actor, act.tool, act.route)
        record(connection, plain, act.operation, subject, {**act.ids, **act.noted}, None, self._database.now())
        act.entry, act.kind = plain.entry, plain.kind

    def _prune(self, connection: Connection) -> None:
        """Delete the oldest entries if that was not done lately. Those that are left over go with the next write."""
        now = self._database.now()
        if now < self._next_pruning:
            return
        oldest = select(journal.c.number, journal.c.created_at).order_by(journal.c.number).limit(_PRUNED_AT_ONCE)
        rows = connection.execute(oldest).all()
        old = [row.number for row in rows if row.created_at < now - timedelta(days=self.days)]
        if old:
            connection.execute(delete(journal).where(journal.c.number <= old[-1]))
            for more in (journal_names, journal_rows):
                connection.execute(delete(more).where(more.c.entry <= old[-1]))
        self._next_pruning = now + (_PAUSE if len(old) < _PRUNED_AT_ONCE else timedelta())


def _is_recorded(act: Act) -> bool:
    return act.entry is not None


_MOST_TELLING = ("changed", "created", "deleted")
_SUBJECTS = ("log_id", "run_id", "version_id")
_ASSIGNED = text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
