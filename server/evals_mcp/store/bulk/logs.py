"""Store the logs and judgments of a document: all new ones in one insert, in document order."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, update

from evals_mcp.errors import Conflict
from evals_mcp.models.pseudonyms import require_forgotten
from evals_mcp.models.usage import own_usage
from evals_mcp.store.bulk.batch import Batch, Numbered, Refusing
from evals_mcp.store.bulk.import_entries import note_joining, note_runs
from evals_mcp.store.bulk.judgments import NewJudgment, RunLink, add_judgments
from evals_mcp.store.bulk.log_rows import LoggedRecord, LogRow, LogRows, differences
from evals_mcp.store.bulk.run_logs import link_new_logs
from evals_mcp.store.database.columns import Moment
from evals_mcp.store.database.many import insert_rows, new_numbers
from evals_mcp.store.database.tables import logs, versions
from evals_mcp.store.journal.entries import forget_texts
from evals_mcp.store.logs.judgments import JudgedBy, author_key, judgment_columns
from evals_mcp.store.logs.run_logs import copy_logs, refresh_facts, refresh_judgments
from evals_mcp.store.logs.step_usage import refresh_above


def write_logs(batch: Batch, records: Numbered[LoggedRecord]) -> None:
    """Store new logs, add them to their runs, and record judgments there."""
    _LogWriter(batch, [(position, record.with_ids(batch.ids)) for position, record in records]).write()


class _LogWriter:
    """Sorts the records of a batch into new, changed and added to runs, then writes each group at once."""

    def __init__(self, batch: Batch, records: Numbered[LoggedRecord]) -> None:
        self._batch = batch
        self._records = records
        self._rows = LogRows(batch, records)
        self._new: list[LogRow] = []
        self._new_in_runs: dict[str, list[LogRow]] = defaultdict(list)
        self._runs_of_new: dict[int, list[str]] = {}
        self._judgments: list[NewJudgment] = []
        self._joining: dict[str, list[int]] = defaultdict(list)
        self._changed: list[tuple[Mapping[str, Any], LogRow]] = []

    def write(self) -> None:
        """Read all records, then write. If it raises Invalid, nothing was written."""
        connection, now = self._batch.connection, self._batch.now
        note_runs(self._batch, self._rows.runs)
        new_ids = {record.id for _, record in self._records} - set(self._rows.before)
        numbers = iter(new_numbers(connection, logs, len(new_ids)))
        with Refusing() as at:
            for at.position, at.record in self._records:
                self._take(at.record, numbers)
        if self._new:
            insert_rows(connection, logs, self._new)
            self._count_versions()
        for run_id, rows in self._new_in_runs.items():
            link_new_logs(connection, self._rows.runs[run_id], rows, now)
        for run_id, existing in self._joining.items():
            note_joining(self._batch, run_id, existing)
            copy_logs(connection, self._rows.runs[run_id], existing, now)
        datapoints = {row["number"]: row["datapoint_id"] for row in self._new}
        links = {
            number: [RunLink(run_id, datapoints[number]) for run_id in run_ids]
            for number, run_ids in self._runs_of_new.items()
        }
        add_judgments(connection, self._judgments, links, now)
        refresh_above(connection, self._parents_of_new(), now)
        for before, row in self._changed:
            self._overwrite(before, row)
        self._batch.run_ids |= {*self._new_in_runs, *self._joining}

    def _parents_of_new(self) -> set[int]:
        """The logs above new steps that say what they used."""
        steps = (row for row in self._new if row["trace_parent_number"] is not None)
        return {row["trace_parent_number"] for row in steps if own_usage(row).is_known}

    def _take(self, record: LoggedRecord, numbers: Iterator[int]) -> None:
        row = self._rows.row(record)
        run_ids = self._rows.require_runs(record)
        before = self._rows.before.get(record.id)
        if before is None:
            given = record.number if self._batch.overwrite else None
            row["number"] = next(numbers) if given is None else given
            self._take_new(record, row)
            self._put_new_into_runs(row, run_ids)
            return
        if before["number"] in self._runs_of_new:
            self._put_new_into_runs(before, run_ids)
        else:
            for run_id in run_ids:
                self._joining[run_id].append(before["number"])
        changes = differences(record, row, before)
        if not changes:
            return
        require_forgotten(f"Log `{record.id}`", before["extra"].get("user"), row["extra"].get("user"))
        if not self._batch.overwrite:
            raise Conflict(f"Log `{record.id}` already exists with another {', '.join(changes)}.")
        row["number"] = before["number"]
        row["created_at"] = record.created_at or before["created_at"]
        self._changed.append((before, row))
        self._rows.add(row)

    def _put_new_into_runs(self, row: LogRow, run_ids: list[str]) -> None:
        runs = self._runs_of_new.setdefault(row["number"], [])
        for run_id in run_ids:
            if run_id not in runs:
                runs.append(run_id)
                self._new_in_runs[run_id].append(row)

    def _take_new(self, record: LoggedRecord, row: LogRow) -> None:
        self._new.append(row)
        self._rows.add(row)
        self._batch.added[record.record] += 1
        if record.record == "judgment":
            spec = self._rows.version(record).content["spec"]
            columns = judgment_columns(record.judgment, record.error, spec, record.passed)
            by = JudgedBy(row["file_id"], row["version_id"], author_key(row["extra"].get("user")))
            self._judgments.append(NewJudgment(row["judged_log_number"], by, row["number"], columns))

    def _count_versions(self) -> None:
        counts = Counter(row["version_id"] for row in self._new)
        latest: dict[str, datetime] = {}
        for row in self._new:
            latest[row["version_id"]] = max(row["created_at"], latest.get(row["version_id"], row["created_at"]))
        self._batch.connection.execute(
            _COUNT,
            [{"of_version": id, "more": more, "used_at": latest[id]} for id, more in sorted(counts.items())],
        )

    def _overwrite(self, before: Mapping[str, Any], row: LogRow) -> None:
        """Replace the content of a log, and update its facts in runs. The journal keeps nothing of the one before."""
        connection, now = self._batch.connection, self._batch.now
        forget_texts(connection, [row["id"]])
        self._batch.replaces = True
        values = {name: value for name, value in row.items() if name not in ("id", "number")}
        connection.execute(update(logs).where(logs.c.number == row["number"]).values(**values))
        if before["version_id"] != row["version_id"]:
            counts = ((before["version_id"], -1, before["created_at"]), (row["version_id"], 1, row["created_at"]))
            connection.execute(_COUNT, [dict(zip(_COUNTED, values, strict=True)) for values in counts])
        if row["judged_log_number"] is None:
            refresh_facts(connection, row, now)
            return
        for judged, evaluator_id in {(item["judged_log_number"], item["file_id"]) for item in (before, row)}:
            refresh_judgments(connection, judged, evaluator_id, now)


_COUNTED = ("of_version", "more", "used_at")
_USED_AT = bindparam("used_at", type_=Moment)
_COUNT = (
    update(versions)
    .where(versions.c.id == bindparam("of_version"))
    .values(
        logs_count=versions.c.logs_count + bindparam("more"),
        last_used_at=case((versions.c.last_used_at < _USED_AT, _USED_AT), else_=versions.c.last_used_at),
    )
)
