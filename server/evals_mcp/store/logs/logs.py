"""Logs in the store: create, read, list, update, delete. `run_logs` has what a run keeps of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, func, select, update

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.usage import own_usage
from evals_mcp.store.database.acts import count_rows, note
from evals_mcp.store.database.columns import microseconds
from evals_mcp.store.database.identity import new_id
from evals_mcp.store.database.pages import window
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import logs, versions
from evals_mcp.store.files.files import ensure_file
from evals_mcp.store.files.versions import Version, add_version, find_file, find_version
from evals_mcp.store.journal.entries import Act, record, repeated
from evals_mcp.store.logs.deletions import delete_logs
from evals_mcp.store.logs.filters import LogFilter, count_of_logs, log_conditions, log_numbers_newest_first
from evals_mcp.store.logs.judgments import JudgedBy, author_key, check_judgment, is_by_person, judgment_columns
from evals_mcp.store.logs.lookups import LOG, find_any_run, find_key, find_log, runs_with, waiting_run
from evals_mcp.store.logs.own_judgments import require_own_judgment, require_own_logs
from evals_mcp.store.logs.responses import read_logs
from evals_mcp.store.logs.rows import known_status, log_values
from evals_mcp.store.logs.run_logs import add_judgment, link_log, refresh_facts
from evals_mcp.store.logs.step_usage import refresh_above


@dataclass(frozen=True, slots=True)
class LogTarget:
    """The version of a new log: `version_id`, `environment`, `kernel` (its content), or the default one."""

    file_id: str | None = None
    path: str | None = None
    version_id: str | None = None
    environment: str | None = None
    kernel: Mapping[str, Any] | None = None


class CreatedLog(NamedTuple):
    """The ids of a new log, its file, its version, the log it judges, if any, and its runs.

    `before` has what its run was before, for an undo; it is None for a log that existed.
    """

    id: str
    file_id: str
    version_id: str
    log_status: str | None
    judged_log_id: str | None = None
    run_ids: tuple[str, ...] = ()
    before: dict[str, Any] | None = None

    def result(self) -> dict[str, Any]:
        """The ids as the journal has them; `CreatedLog` takes them."""
        return {name: value for name, value in self._asdict().items() if name != "before"}


class ChangedLog(NamedTuple):
    """A changed log, and the runs that have it."""

    log: LogResponse
    run_ids: list[str]


class Logs(Repository):
    """Logs of prompts, flows, tools, agents and evaluators."""

    def create(
        self,
        file_type: str,
        target: LogTarget,
        fields: Mapping[str, Any],
        run_id: str | None = None,
        act: Act | None = None,
    ) -> CreatedLog:
        """Store a log (fields as in the request) and add it to the run that it names or that waits for it.

        A log for a cancelled run is stored but not added. Raises Invalid, NotFound for an unknown file, version, run or
        trace parent, and Conflict for a taken `log_id`. The same log again gives the log that exists.
        """
        with self._database.write() as connection:
            if (first := repeated(connection, act)) is not None:
                return CreatedLog(**first)
            now = self._database.now()
            created = create_log(connection, file_type, target, fields, now, run_id)
            if created.before is not None:
                record(connection, act, "create_log", created.id, created.result(), created.before, now)
            return created

    def create_judgment(
        self,
        target: LogTarget,
        judged_log_id: str,
        fields: Mapping[str, Any],
        person: str | None = None,
        act: Act | None = None,
    ) -> CreatedLog:
        """Store an evaluator's log of another log: the newest judgment of that log by its author.

        That is its `user`, else the `person` for human and external evaluators. Raises Invalid if it does not fit the
        evaluator, NotFound, and Conflict.
        """
        with self._database.write() as connection:
            if (first := repeated(connection, act)) is not None:
                return CreatedLog(**first)
            now = self._database.now()
            created = create_judgment(connection, target, judged_log_id, fields, now, person)
            if created.before is not None:
                record(connection, act, "create_judgment", created.id, created.result(), created.before, now)
            return created

    def get(self, log_id: str) -> LogResponse:
        """One log with its judgments and the trace below it. Raises NotFound."""
        with self._database.read() as connection:
            return read_logs(connection, [find_key(connection, log_id).number], traces=True, judged=True)[0]

    def page(
        self, file_id: str, wanted: LogFilter, page: int, size: int, *, traces: bool = False, judged: bool = False
    ) -> PaginatedData[LogResponse]:
        """A page of a file's logs, newest first. Raises NotFound for an unknown file."""
        with self._database.read() as connection:
            find_file(connection, file_id)
            conditions = log_conditions(connection, file_id, wanted)
            total = connection.execute(count_of_logs(file_id, wanted, conditions)).scalar_one()
            limit, offset = window(page, size)
            statement = log_numbers_newest_first(conditions, wanted.sample).limit(limit).offset(offset)
            numbers = list(connection.execute(statement).scalars())
            return PaginatedData[LogResponse](
                records=read_logs(connection, numbers, traces=traces, judged=judged),
                page=page,
                size=limit,
                total=total if wanted.sample is None else min(total, wanted.sample),
            )

    def update(
        self,
        file_type: str,
        log_id: str,
        fields: Mapping[str, Any],
        file_id: str | None = None,
        act: Act | None = None,
    ) -> ChangedLog:
        """Change the given fields of a log. Raises NotFound, and Conflict if a complete flow log would change."""
        with self._database.write() as connection:
            row = find_log(connection, log_id)
            file = find_file(connection, row.file_id, types=[file_type])
            if file_id is not None and file.id != file_id:
                raise NotFound(f"File `{file_id}` has no log `{log_id}`.")
            if repeated(connection, act) is None:
                now = self._database.now()
                before = update_log(connection, row, fields, now, final=file_type == "flow")
                if before is not None:
                    record(connection, act, "update_log", log_id, {"id": log_id}, before, now)
            return ChangedLog(read_logs(connection, [row.number], traces=True)[0], runs_with(connection, row.number))

    def delete(self, ids: Sequence[str]) -> None:
        """Delete logs with their judgments and the traces below them. Unknown ids are ignored."""
        with self._database.write() as connection:
            require_own_logs(connection, ids)
            delete_logs(connection, ids, self._database.now())
            note("deleted", *ids)


def create_log(
    connection: Connection,
    file_type: str,
    target: LogTarget,
    fields: Mapping[str, Any],
    now: datetime,
    run_id: str | None = None,
) -> CreatedLog:
    """Store a log inside a transaction; see `Logs.create`."""
    version = _version(connection, file_type, target, now)
    run = None if run_id is None else find_any_run(connection, run_id)
    given = fields if file_type == "flow" else {"log_status": "complete", **fields}
    row, is_new = _insert_log(connection, version, given, now)
    if not is_new:
        return _repeated(connection, row, run)
    note("created", row["id"])
    datapoint_id = fields.get("source_datapoint_id")
    if run_id is None and datapoint_id is not None:
        run = waiting_run(connection, version.id, datapoint_id)
    if run is not None and run.set_status == "cancelled":
        run = None
    if run is not None:
        link_log(connection, run, row, now)
    if row["trace_parent_number"] is not None and own_usage(row).is_known:
        refresh_above(connection, [row["trace_parent_number"]], now)
    status = known_status(row["log_status"], in_run=run is not None)
    run_ids = () if run is None else (run.id,)
    return CreatedLog(row["id"], version.file_id, version.id, status, run_ids=run_ids, before=_before(run))


def create_judgment(
    connection: Connection,
    target: LogTarget,
    judged_log_id: str,
    fields: Mapping[str, Any],
    now: datetime,
    person: str | None = None,
    location: tuple[str | int, ...] = ("body", "judgment"),
) -> CreatedLog:
    """Store a judgment inside a transaction; see `Logs.create_judgment`. `location` is its path in the request."""
    judged = find_key(connection, judged_log_id)
    if judged.judged_log_number is not None:
        raise Invalid(f"Log `{judged_log_id}` is an evaluator log. Judge the log that it is about.")
    version = _version(connection, "evaluator", target, now)
    spec = version.content["spec"]
    judgment = fields.get("judgment")
    if judgment is not None and fields.get("error") is None:
        check_judgment(judgment, spec, location)
    given = {"log_status": "complete", **fields}
    if given.get("user") is None and is_by_person(spec):
        log_id = fields.get("log_id")
        known = None if log_id is None else connection.execute(LOG, {"log_id": log_id}).first()
        author = known.extra.get("user") if known else person  # a repeated log keeps its author
        given |= {"user": author} if author else {}
    require_own_judgment(given.get("user"), spec, brings_version=target.kernel is not None)
    row, is_new = _insert_log(connection, version, given, now, judged_log_number=judged.number)
    created = CreatedLog(row["id"], version.file_id, version.id, row["log_status"], judged_log_id)
    if not is_new:
        return created
    created = created._replace(before={})
    note("created", created.id)
    columns = judgment_columns(judgment, fields.get("error"), spec, fields.get("passed"))
    by = JudgedBy(version.file_id, version.id, author_key(row["extra"].get("user")))
    add_judgment(connection, judged.number, by, row["number"], columns, now)
    return created


def update_log(
    connection: Connection, row: Row[Any], fields: Mapping[str, Any], now: datetime, *, final: bool
) -> dict[str, Any] | None:
    """Change a log inside a transaction. With `final`, a complete log cannot change. Raises Conflict.

    Returns what an undo needs: the replaced values, and the number of the newest log. None if nothing changes.
    """
    values = log_values(fields)
    if "extra" in values:
        values["extra"] = {**row.extra, **values["extra"]}
    if fields.get("source_datapoint_id") is not None:
        values["datapoint_id"] = fields["source_datapoint_id"]
    replaced = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
    if not replaced:
        return None
    if final and row.log_status == "complete":
        raise Conflict(f"Log `{row.id}` is complete and cannot be changed.")
    connection.execute(update(logs).where(logs.c.number == row.number).values(**values))
    note("changed", row.id)
    refresh_facts(connection, {**row._mapping, **values}, now)
    newest = connection.execute(select(func.max(logs.c.number))).scalar_one()
    return {"values": stored_values(replaced), "newest": newest}


def stored_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a log's columns as JSON: times are whole microseconds since 1970-01-01."""
    return {name: microseconds(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _before(run: Row[Any] | None) -> dict[str, Any]:
    """The status and version of a run, where a new log changes them."""
    if run is None or (run.set_status != "completed" and run.version_id is not None):
        return {}
    return {"set_status": run.set_status, "version_id": run.version_id}


def _version(connection: Connection, file_type: str, target: LogTarget, now: datetime) -> Version:
    if target.version_id is None and target.environment is None and target.kernel is not None:
        file = ensure_file(connection, file_type, target.file_id, target.path, now)
        version_id, _ = add_version(connection, file, dict(target.kernel), now)
        return find_version(connection, version_id=version_id)
    if target.version_id is None and target.file_id is None and target.path is None:
        raise Invalid("Give `id` or `path` to name the file.", ("body", "path"))
    return find_version(
        connection,
        version_id=target.version_id,
        file_id=target.file_id,
        path=target.path,
        environment=target.environment,
        types=[file_type],
    )


def _insert_log(
    connection: Connection,
    version: Version,
    fields: Mapping[str, Any],
    now: datetime,
    judged_log_number: int | None = None,
) -> tuple[dict[str, Any], bool]:
    """Insert a log's row and count it for its version, unless this log exists. Whether it is new.

    Returns the stored row with its number. Raises Conflict if another log has the id.
    """
    parent_number, root_number = _trace(connection, fields.get("trace_parent_id"))
    row: dict[str, Any] = {"created_at": now, "inputs": {}, "extra": {}, "log_status": None, "error": None}
    row |= log_values(fields)
    row |= {
        "id": fields.get("log_id") or new_id("log"),
        "file_id": version.file_id,
        "version_id": version.id,
        "judged_log_number": judged_log_number,
        "trace_parent_number": parent_number,
        "trace_root_number": root_number,
        "datapoint_id": fields.get("source_datapoint_id"),
    }
    if fields.get("log_id") is not None and (stored := _same_log(connection, row, fields)) is not None:
        return stored, False
    number = connection.execute(_INSERT, row).inserted_primary_key
    assert number is not None
    row["number"] = number[0]
    connection.execute(_COUNT, {"of_version": version.id, "now": now})
    count_rows("log" if judged_log_number is None else "judgment", 1)
    return row, True


def _same_log(connection: Connection, row: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """The stored row of the log with this id, or None. Raises Conflict if it differs from this row."""
    found = connection.execute(LOG, {"log_id": row["id"]}).mappings().first()
    if found is None:
        return None
    chosen = {"number"} if "created_at" in fields else {"number", "created_at"}
    if any(found[name] != row.get(name) for name in found if name not in chosen):
        raise Conflict(f"Log `{row['id']}` already exists and differs from this one.")
    return dict(found)


def _repeated(connection: Connection, row: Mapping[str, Any], run: Row[Any] | None) -> CreatedLog:
    """The answer to a log that is sent again. Raises Conflict if it names an open run that does not have the log."""
    run_ids = tuple(runs_with(connection, row["number"]))
    if run is not None and run.id not in run_ids and run.set_status != "cancelled":
        raise Conflict(
            f"Log `{row['id']}` already exists, and run `{run.id}` does not have it. Add it to the run by its id."
        )
    status = known_status(row["log_status"], in_run=bool(run_ids))
    return CreatedLog(row["id"], row["file_id"], row["version_id"], status, run_ids=run_ids)


def _trace(connection: Connection, parent_id: str | None) -> tuple[int | None, int | None]:
    if parent_id is None:
        return None, None
    parent = find_key(connection, parent_id)
    return parent.number, parent.trace_root_number or parent.number


# Build the statements once: building takes several times as long as running.
_INSERT = logs.insert()
_COUNT = (
    update(versions)
    .where(versions.c.id == bindparam("of_version"))
    .values(logs_count=versions.c.logs_count + 1, last_used_at=bindparam("now"))
)
