"""An import in the journal: one entry with counts for all its batches, and what each of them brought."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from evals_mcp.errors import Conflict, Invalid
from evals_mcp.store.bulk.batch import Batch
from evals_mcp.store.database.acts import Act
from evals_mcp.store.database.many import among
from evals_mcp.store.database.tables import (
    directories,
    evaluation_runs,
    evaluations,
    journal,
    logs,
    run_logs,
    runs,
    versions,
)
from evals_mcp.store.journal.entries import add_rows, handle, record, refuse_request_id

NUMBERED = (evaluations, runs, logs, versions)
"""Tables whose new rows are a range of numbers, because only one transaction writes at a time."""


_SETTINGS = (runs.c.set_status, runs.c.version_id, runs.c.reported_figures)


def note_runs(batch: Batch, run_ids: Iterable[str]) -> None:
    """Note the status, version and figures of existing runs before the batch changes them."""
    if batch.overwrite:
        return
    known = {run_id for run_id, _ in batch.brought["runs_before"]}
    batch.brought["runs_before"] += read_settings(batch.connection, set(run_ids) - known).items()


def note_controls(batch: Batch, evaluation_id: str) -> None:
    """Note the control runs of an evaluation before the batch replaces them."""
    is_control = (evaluation_runs.c.evaluation_id == evaluation_id, evaluation_runs.c.control.is_(True))
    before = batch.connection.execute(select(evaluation_runs.c.run_id).where(*is_control)).scalars().all()
    batch.brought["controls"] += [[evaluation_id, run_id] for run_id in before]


def note_joining(batch: Batch, run_id: str, numbers: Sequence[int]) -> None:
    """Note which of these existing logs are not in a run yet."""
    if batch.overwrite:
        return
    there = select(run_logs.c.log_number).where(run_logs.c.run_id == run_id)
    of_these = there.where(among(batch.connection, run_logs.c.log_number, numbers))
    present = set(batch.connection.execute(of_these).scalars())
    batch.brought["run_logs"] += [[run_id, number] for number in dict.fromkeys(numbers) if number not in present]


def read_settings(connection: Connection, run_ids: Iterable[str]) -> dict[str, list[Any]]:
    """What a caller can set of existing runs, by id: status, version and figures."""
    rows = connection.execute(select(runs.c.id, *_SETTINGS).where(among(connection, runs.c.id, sorted(run_ids))))
    return {row.id: list(row[1:]) for row in rows}


class ImportEntry:
    """The entry of an import, around one batch of it. Without an act there is none."""

    def __init__(self, batch: Batch, act: Act | None, import_id: str | None, *, has_directories: bool) -> None:
        self._batch = batch
        self._act = act
        self._import_id = import_id
        self._has_directories = has_directories
        if act is not None:
            refuse_request_id(act)
        self._last = {} if act is None else self._last_numbers()
        self._directories = set() if act is None else self._directory_ids()

    def record(self, subject: str) -> None:
        """Add the batch to the entry of its import. A batch that brought and changed nothing adds none."""
        if self._act is None:
            return
        batch, connection, act = self._batch, self._batch.connection, self._act
        content = self._content()
        first = self._find()
        # Whether overwriting changed a row is not known here; if it is part of an import, it adds no entry.
        if not (batch.added or content or batch.replaces or (batch.overwrite and first is not None)):
            return
        undoable = not (batch.replaces or batch.overwrite)
        if first is None:
            of_import = Act(act.key_id, act.actor, act.tool, act.route, self._import_id)
            result = {"added": dict(batch.added)}
            record(connection, of_import, "import", subject, result, {} if undoable else None, batch.now)
            act.entry = of_import.entry
        else:
            counts = Counter(first.result["added"]) + batch.added
            values: dict[str, Any] = {"result": {"added": dict(counts)}} | ({} if undoable else {"before": None})
            connection.execute(update(journal).where(journal.c.number == first.number).values(**values))
            act.entry = handle(first)
        act.kind = "import"
        if undoable:
            add_rows(connection, act, "import", content)

    def _find(self) -> Any:
        """The entry that an earlier batch of the import made. Raises Conflict if it was undone."""
        if self._import_id is None or self._act is None:
            return None
        of_import = (journal.c.key_id == self._act.key_id, journal.c.request_id == self._import_id)
        found = self._batch.connection.execute(select(journal).where(*of_import)).first()
        if found is not None and found.kind != "import":
            raise Invalid("This id belongs to another request. Nothing was written.", ("header", "X-Evals-Import"))
        if found is not None and found.undone_at is not None:
            raise Conflict(f"The import `{handle(found)}` was undone. Load the document with another id.")
        return found

    def _content(self) -> dict[str, Any]:
        """What the batch brought: ranges of numbers, keys of other rows, and the runs that it changed."""
        brought: Mapping[str, list[Any]] = self._batch.brought
        now = self._last_numbers()
        content: dict[str, Any] = {name: [last + 1, now[name]] for name, last in self._last.items() if now[name] > last}
        after = read_settings(self._batch.connection, [run_id for run_id, _ in brought["runs_before"]])
        changed = {run_id: [before, after[run_id]] for run_id, before in brought["runs_before"]}
        content |= {name: keys for name, keys in brought.items() if keys and name != "runs_before"}
        if new := sorted(self._directory_ids() - self._directories):
            content["directories"] = new
        if content or any(before != after for before, after in changed.values()):
            content["changed_runs"] = changed
        return content

    def _last_numbers(self) -> dict[str, int]:
        numbers = ((table.name, select(table.c.number).order_by(table.c.number.desc()).limit(1)) for table in NUMBERED)
        return {name: self._batch.connection.execute(last).scalar() or 0 for name, last in numbers}

    def _directory_ids(self) -> set[str]:
        if not self._has_directories:
            return set()
        return set(self._batch.connection.execute(select(directories.c.id)).scalars())
