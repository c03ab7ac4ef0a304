"""Read all that a workspace has as an evaluation document, page by page."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Table, func, select

from evals_mcp.errors import Invalid
from evals_mcp.models.evaluation_document import (
    AttachedEvaluator,
    DatapointRecord,
    DeploymentRecord,
    DirectoryRecord,
    EvaluationRecord,
    FileRecord,
    JudgmentRecord,
    LogRecord,
    Record,
    ReviewItemRecord,
    RunEvaluation,
    RunRecord,
    VersionRecord,
)
from evals_mcp.store.database.many import among
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import (
    datapoints,
    dataset_datapoints,
    deployments,
    directories,
    environments,
    evaluation_evaluators,
    evaluation_runs,
    evaluations,
    files,
    logs,
    review_items,
    run_logs,
    runs,
    versions,
)
from evals_mcp.store.files.versions import DEFAULT_TAG
from evals_mcp.store.logs.rows import known_status

_ROWS = 200
_MOST_CHARACTERS = 8_000_000


class ReadPage(NamedTuple):
    """Records, and where the next page begins; None at the end."""

    records: list[Record]
    next: str | None


class BulkReading(Repository):
    """The records of a workspace, in an order in which referenced ones come first."""

    def page(self, after: str | None, size: int) -> ReadPage:
        """The records after a position (`kind:key`, from the page before), at most `size`. Raises Invalid."""
        kinds = list(_KINDS)
        kind, _, begin = (after or f"{kinds[0]}:").partition(":")
        if kind not in _KINDS:
            raise Invalid("`after` must be the `next` of the page before.", ("query", "after"))
        records: list[Record] = []
        with self._database.read() as connection:
            for name in kinds[kinds.index(kind) :]:
                for key, of_row, characters in _rows(connection, _KINDS[name], begin if name == kind else ""):
                    records += of_row
                    if len(records) >= size or characters > _MOST_CHARACTERS:
                        return ReadPage(records, f"{name}:{key}")
        return ReadPage(records, None)

    def counts(self) -> dict[str, int]:
        """The number of records of each kind."""
        with self._database.read() as connection:
            counts = {
                name: connection.execute(select(func.count()).select_from(kind.table)).scalar_one()
                for name, kind in _KINDS.items()
                if name not in ("deployment", "review_item")  # of whose tables several rows have one key
            }
            counts["review_item"] = connection.execute(select(func.count()).select_from(review_items)).scalar_one()
            judged = select(func.count()).select_from(logs).where(logs.c.judged_log_number.is_not(None))
            counts["judgment"] = connection.execute(judged).scalar_one()
        counts["log"] -= counts["judgment"]
        return counts


class _Kind(NamedTuple):
    """A table, the column that orders it, and how some of its rows become records: a list for each row."""

    table: Table
    key: ColumnElement[Any]
    read: Callable[[Connection, Sequence[Row[Any]]], Iterator[list[Record]]]


def _rows(connection: Connection, kind: _Kind, after: str) -> Iterator[tuple[str, list[Record], int]]:
    """The keys and records of rows, with the characters read so far."""
    key: Any = after
    if kind.key.name == "number":
        key = int(after) if after.isdigit() else 0
    characters = 0
    while rows := connection.execute(select(kind.table).where(kind.key > key).order_by(kind.key).limit(_ROWS)).all():
        for row, records in zip(rows, kind.read(connection, rows), strict=True):
            key = getattr(row, kind.key.name)
            characters += len(str(row))
            yield str(key), records, characters
        if len(rows) < _ROWS:
            return


def _fields(row: Any, model: Any, *others: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a row, and of others, that a record has fields for. That no creator is known is said, too."""
    values: dict[str, Any] = dict(row._mapping)
    for other in others:
        values |= other
    said = {name: value for name, value in values.items() if value is not None or name == "created_by"}
    return {name: value for name, value in said.items() if name in model.model_fields}


def _directories(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[list[Record]]:
    for row in rows:
        yield [DirectoryRecord.model_validate(_fields(row, DirectoryRecord))]


def _files(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[list[Record]]:
    for row in rows:
        yield [FileRecord.model_validate(_fields(row, FileRecord, {"monitors": row.extra.get("evaluators")}))]


def _datapoints(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[list[Record]]:
    for row in rows:
        yield [DatapointRecord.model_validate(_fields(row, DatapointRecord, row.content))]


def _versions(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[list[Record]]:
    of = dataset_datapoints.c
    points: dict[str, list[str]] = defaultdict(list)
    ids = [row.id for row in rows if row.datapoints_count]
    wanted = select(of.version_id, of.datapoint_id).where(of.version_id.in_(ids))
    for version_id, datapoint_id in connection.execute(wanted.order_by(of.version_id, of.position)):
        points[version_id].append(datapoint_id)
    for row in rows:
        yield [VersionRecord.model_validate(_fields(row, VersionRecord, {"datapoint_ids": points[row.id]}))]


def _deployments(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[list[Record]]:
    """What is deployed of each file. That nothing is in the default environment is said, because a first version is."""
    of_files = deployments.c.file_id.in_([row.id for row in rows])
    about = (environments.c.name, environments.c.tag, environments.c.created_at.label("environment_created_at"))
    found = select(deployments, *about).join(environments).where(of_files)
    deployed: dict[str, list[Record]] = defaultdict(list)
    for row in connection.execute(found.order_by(environments.c.id)):
        deployed[row.file_id].append(_deployment(row, row.file_id, row.version_id, row.created_at))
    default = connection.execute(
        select(environments.c.id.label("environment_id"), *about).where(environments.c.tag == DEFAULT_TAG)
    ).one()
    for row in rows:
        records = deployed[row.id]
        if all(record.environment_id != default.environment_id for record in records):  # type: ignore[union-attr]
            records.append(_deployment(default, row.id, None, None))
        yield records


def _deployment(row: Any, file_id: str, version_id: str | None, created_at: datetime | None) -> Record:
    return DeploymentRecord(
        file_id=file_id,
        version_id=version_id,
        environment_id=row.environment_id,
        environment_name=row.name,
        environment_tag=row.tag,
        environment_created_at=row.environment_created_at,
        created_at=created_at,
    )


def _evaluations(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[list[Record]]:
    of = evaluation_evaluators.c
    attached: dict[str, list[AttachedEvaluator]] = defaultdict(list)
    wanted = select(evaluation_evaluators).where(of.evaluation_id.in_([row.id for row in rows]))
    for row in connection.execute(wanted.order_by(of.evaluation_id, of.position)):
        item = AttachedEvaluator(
            version_id=row.evaluator_version_id,
            orchestrated=row.orchestrated,
            for_review=row.for_review,
            added_at=row.added_at,
        )
        attached[row.evaluation_id].append(item)
    for row in rows:
        yield [EvaluationRecord.model_validate(_fields(row, EvaluationRecord, {"evaluators": attached[row.id]}))]


def _runs(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[list[Record]]:
    of = evaluation_runs.c
    joined: dict[str, list[RunEvaluation]] = defaultdict(list)
    wanted = select(evaluation_runs).where(of.run_id.in_([row.id for row in rows]))
    for row in connection.execute(wanted.order_by(of.run_id, of.added_at, of.evaluation_id)):
        joined[row.run_id].append(RunEvaluation.model_validate(_fields(row, RunEvaluation)))
    for row in rows:
        about = {"evaluations": joined[row.id], "status": row.set_status}
        yield [RunRecord.model_validate(_fields(row, RunRecord, about))]


def _logs(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[list[Record]]:
    in_runs: dict[int, list[str]] = defaultdict(list)
    wanted = run_logs.c.log_number.in_([row.number for row in rows])
    for number, run_id in connection.execute(
        select(run_logs.c.log_number, run_logs.c.run_id)
        .join(runs, runs.c.id == run_logs.c.run_id)
        .where(wanted)
        .order_by(runs.c.number)
    ):
        in_runs[number].append(run_id)
    named = {row.judged_log_number for row in rows} | {row.trace_parent_number for row in rows}
    others = connection.execute(select(logs.c.number, logs.c.id).where(logs.c.number.in_(named - {None})))
    ids = {row.number: row.id for row in others}
    for row in rows:
        run_ids = in_runs.get(row.number, [])
        about = {
            **row.extra,
            "number": None,
            "source_datapoint_id": row.datapoint_id,
            "trace_parent_id": ids.get(row.trace_parent_number),
            "log_status": known_status(row.log_status, in_run=bool(run_ids)),
        }
        if row.judged_log_number is None:
            yield [LogRecord.model_validate(_fields(row, LogRecord, about, {"run_ids": run_ids}))]
        else:
            judged = {"evaluator_version_id": row.version_id, "judged_log_id": ids[row.judged_log_number]}
            yield [JudgmentRecord.model_validate(_fields(row, JudgmentRecord, about, judged))]


def _review_items(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[list[Record]]:
    """What was handed to reviewers in each evaluation, oldest first."""
    of = review_items.c
    wanted = select(review_items).where(of.evaluation_id.in_([row.id for row in rows]))
    found = connection.execute(wanted.order_by(of.handed_out_at, of.log_number, of.reviewer)).all()
    numbers = {row.log_number for row in found} | {row.detail.get("baseline_log_number") for row in found}
    ids = _log_ids(connection, numbers - {None})
    items: dict[str, list[Record]] = defaultdict(list)
    for row in found:
        about = {"log_id": ids[row.log_number], "baseline_log_id": ids.get(row.detail.get("baseline_log_number"))}
        items[row.evaluation_id].append(
            ReviewItemRecord.model_validate(_fields(row, ReviewItemRecord, row.detail, about))
        )
    for row in rows:
        yield items[row.id]


def _log_ids(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """The ids of logs by their numbers."""
    of_logs = among(connection, logs.c.number, sorted(numbers))
    return {row.number: row.id for row in connection.execute(select(logs.c.number, logs.c.id).where(of_logs))}


_KINDS = {
    "directory": _Kind(directories, directories.c.path, _directories),
    "file": _Kind(files, files.c.id, _files),
    "datapoint": _Kind(datapoints, datapoints.c.id, _datapoints),
    "version": _Kind(versions, versions.c.number, _versions),
    "deployment": _Kind(files, files.c.id, _deployments),
    "evaluation": _Kind(evaluations, evaluations.c.number, _evaluations),
    "run": _Kind(runs, runs.c.number, _runs),
    "log": _Kind(logs, logs.c.number, _logs),
    "review_item": _Kind(evaluations, evaluations.c.number, _review_items),
}
"""The kinds in an order in which referenced records come first."""
