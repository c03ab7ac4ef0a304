"""The datapoints of a run's dataset, each with its log and judgments: read, log, judge."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, exists, func, select

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.models.datapoints import DatapointResponse
from evals_mcp.models.logs import EvaluatorLogResponse, LogResponse
from evals_mcp.store.database.pages import window
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import datapoints, dataset_datapoints, logs, run_logs
from evals_mcp.store.evaluations.evaluations import EVALUATED_TYPES, find_target
from evals_mcp.store.evaluations.run_status import Attachment, read_attachments
from evals_mcp.store.evaluations.runs import set_run_status
from evals_mcp.store.files.datasets import read_datapoints
from evals_mcp.store.files.versions import find_version
from evals_mcp.store.journal.entries import Act, record, repeated
from evals_mcp.store.logs.logs import CreatedLog, LogTarget, create_judgment, create_log
from evals_mcp.store.logs.responses import read_logs
from evals_mcp.store.v4.evaluated_runs import find_evaluated_run, named_target, read_status

_ADVICE = {
    "pending": "Set its status to `running` first",
    "completed": "Set its status to `running` to reopen it",
}


class RunJudgment(NamedTuple):
    """An evaluator log in a run: a judgment, an abstention or an error."""

    id: str
    evaluator_id: str
    evaluator_version_id: str
    log_id: str
    created_at: datetime
    judgment: Any
    error: str | None


class RunLog(NamedTuple):
    """A log with the judgments that count: of each attached evaluator one per author. `labels` exist only in v4."""

    log: LogResponse
    judgments: list[RunJudgment]
    labels: Mapping[str, Any]


class RunDatapoint(NamedTuple):
    """A datapoint and the run's newest log for it, if any."""

    datapoint: DatapointResponse
    log: RunLog | None


class RunDatapointPage(NamedTuple):
    """A page of a run's datapoints in dataset order, and the total number."""

    evaluation_id: str
    dataset_id: str
    records: list[RunDatapoint]
    total: int


class LoggedOutputs(NamedTuple):
    """The ids of new logs, and whether their run was completed before."""

    ids: list[str]
    opened: bool


class RunDatapoints(Repository):
    """Datapoints of runs. An evaluation and a name identify the run, as in `EvaluatedRuns`."""

    def page(self, evaluation_id: str, run: str | None, page: int, size: int) -> RunDatapointPage:
        """A page of datapoints. Raises NotFound, and Conflict for a run without a dataset."""
        with self._database.read() as connection:
            row = _find_run(connection, evaluation_id, run)
            limit, offset = window(page, size)
            found = read_datapoints(connection, row.dataset_version_id, limit, offset)
            numbers = _log_numbers(connection, row.id, [datapoint.id for datapoint in found])
            logs_by_number = _read_run_logs(connection, evaluation_id, list(numbers.values()))
            return RunDatapointPage(
                evaluation_id,
                row.dataset_id,
                [RunDatapoint(datapoint, logs_by_number.get(numbers.get(datapoint.id, 0))) for datapoint in found],
                row.datapoints_count,
            )

    def log(
        self,
        evaluation_id: str,
        run: str | None,
        datapoint_id: str,
        fields: Mapping[str, Any],
        version_id: str | None = None,
    ) -> CreatedLog:
        """Store a log for a datapoint in a running run. It gets the datapoint's inputs if it has none.

        Its version is the run's, or another one of the same file. Raises NotFound, Invalid for a datapoint
        outside the dataset, and Conflict for a run that is not running.
        """
        with self._database.write() as connection:
            row = _find_running(connection, evaluation_id, run)
            version = _version(connection, row, version_id)
            return _log_output(connection, row, version, datapoint_id, fields, self._database.now())

    def log_outputs(
        self,
        evaluation_id: str,
        run_id: str,
        outputs: Sequence[tuple[str, Mapping[str, Any]]],
        *,
        dry_run: bool,
        act: Act | None = None,
    ) -> LoggedOutputs:
        """Store a log for each datapoint: all or none. A completed run is opened again.

        Raises as `log`, with the position of the output. With `dry_run`, nothing is stored.
        """
        with self._database.write(dry_run=dry_run) as connection:
            if not dry_run and (first := repeated(connection, act)) is not None:
                return LoggedOutputs(first["log_ids"], first["opened"])
            row = _find_run(connection, evaluation_id, run_id)
            if row.id != run_id:  # in v4 a version stands for its run
                raise NotFound(f"Evaluation `{evaluation_id}` has no run `{run_id}`.")
            before = {"set_status": row.set_status, "version_id": row.version_id}
            now = self._database.now()
            opened = read_status(connection, row) == "completed"
            if opened:
                set_run_status(connection, row.id, "running", now)
            else:
                row = _find_running(connection, evaluation_id, run_id)
            version = _version(connection, row, None)
            ids = []
            for position, (datapoint_id, fields) in enumerate(outputs):
                try:
                    created = _log_output(connection, row, version, datapoint_id, fields, now)
                except (NotFound, Invalid, Conflict) as error:
                    location = ("body", "outputs", position)
                    raise Invalid(f"Row {position + 1}: {error} No log was stored.", location) from None
                ids.append(created.id)
            if not dry_run:
                result = {"id": row.id, "evaluation_id": evaluation_id, "log_ids": ids, "opened": opened}
                changed = before if opened or row.version_id is None else {}
                record(connection, act, "log_outputs", row.id, result, changed, now)
            return LoggedOutputs(ids, opened)

    def judge(
        self,
        evaluation_id: str,
        run: str | None,
        log_id: str,
        evaluator: str,
        fields: Mapping[str, Any],
        person: str | None = None,
    ) -> RunJudgment:
        """Store the `judgment` or `error` of an attached evaluator (file or version id) for a log in a running run.

        Raises NotFound, Invalid if the log is not in the run and its dataset, the evaluator is not attached, or the
        judgment does not fit, and Conflict if the run is not running.
        """
        with self._database.write() as connection:
            row = _find_running(connection, evaluation_id, run)
            _require_log(connection, row, log_id)
            attachment = _find_attachment(connection, evaluation_id, evaluator)
            target = LogTarget(version_id=attachment.evaluator_version_id)
            now = self._database.now()
            created = create_judgment(connection, target, log_id, fields, now, person, ("body", "result"))
            return RunJudgment(
                id=created.id,
                evaluator_id=created.file_id,
                evaluator_version_id=created.version_id,
                log_id=log_id,
                created_at=now,
                judgment=fields.get("judgment"),
                error=fields.get("error"),
            )


def _find_run(connection: Connection, evaluation_id: str, run: str | None) -> Row[Any]:
    row = find_evaluated_run(connection, evaluation_id, run)
    if row.dataset_version_id is None:
        raise Conflict(f"Run `{row.id}` has no dataset, so it has no datapoints. Use v5 for its logs.")
    return row


def _find_running(connection: Connection, evaluation_id: str, run: str | None) -> Row[Any]:
    row = _find_run(connection, evaluation_id, run)
    status = read_status(connection, row)
    if status == "running":
        return row
    if status in _ADVICE:
        address = f"/v4/evaluations/{evaluation_id}/status?evaluatee_id={row.id}"
        advice = f"{_ADVICE[status]}: PATCH `{address}`."
    else:
        advice = "This is final. Use another run."
    raise Conflict(f"Run `{row.id}` is {status}, so it takes no logs or results. {advice}")


# Build the statements once: building takes several times as long as running.
_IN_DATASET = exists().where(dataset_datapoints.c.version_id == bindparam("dataset_version_id"))
_DATAPOINT = select(
    datapoints.c.content,
    _IN_DATASET.where(dataset_datapoints.c.datapoint_id == datapoints.c.id).label("in_dataset"),
).where(datapoints.c.id == bindparam("datapoint_id"))
_LOG = (
    select(
        run_logs.c.run_id,
        run_logs.c.datapoint_id,
        _IN_DATASET.where(dataset_datapoints.c.datapoint_id == run_logs.c.datapoint_id).label("in_dataset"),
    )
    .select_from(logs)
    .outerjoin(run_logs, (run_logs.c.log_number == logs.c.number) & (run_logs.c.run_id == bindparam("run_id")))
    .where(logs.c.id == bindparam("log_id"))
)


def _find_datapoint(connection: Connection, row: Row[Any], datapoint_id: str) -> dict[str, Any]:
    """The content of a datapoint of the run's dataset."""
    names = {"dataset_version_id": row.dataset_version_id, "datapoint_id": datapoint_id}
    found = connection.execute(_DATAPOINT, names).first()
    if found is None:
        raise NotFound(f"Datapoint `{datapoint_id}` does not exist.")
    if not found.in_dataset:
        raise _outside(datapoint_id, row, ("body", "datapoint_id"))
    content: dict[str, Any] = found.content
    return content


def _outside(datapoint_id: str, row: Row[Any], location: tuple[str | int, ...]) -> Invalid:
    version = f"version `{row.dataset_version_id}` of dataset `{row.dataset_id}`"
    return Invalid(f"Datapoint `{datapoint_id}` is not in {version}, the dataset of run `{row.id}`.", location)


class _VersionRef(NamedTuple):
    version_id: str
    file_type: str


def _version(connection: Connection, row: Row[Any], version_id: str | None) -> _VersionRef:
    """The version of a log: the given one, else the run's, else the default one of the evaluation's file."""
    if row.version_id is not None and version_id in (None, row.version_id):
        return _VersionRef(row.version_id, row.file_type)
    if version_id is not None:
        version = find_version(connection, version_id=version_id, file_id=row.file_id, types=EVALUATED_TYPES)
    elif row.file_id is not None:
        version = find_version(connection, file_id=row.file_id)
    else:
        raise Conflict(f"Run `{row.id}` has no version and its evaluation has no file. Give `config_id` in the log.")
    return _VersionRef(version.id, version.file_type)


def _log_output(
    connection: Connection,
    row: Row[Any],
    version: _VersionRef,
    datapoint_id: str,
    fields: Mapping[str, Any],
    now: datetime,
) -> CreatedLog:
    """Store a log for a datapoint of a run, with the datapoint's inputs if it has none."""
    datapoint = _find_datapoint(connection, row, datapoint_id)
    values = {**fields, "source_datapoint_id": datapoint_id}
    values["inputs"] = fields.get("inputs") or datapoint.get("inputs") or {}
    return create_log(connection, version.file_type, LogTarget(version_id=version.version_id), values, now, row.id)


def _require_log(connection: Connection, row: Row[Any], log_id: str) -> None:
    """Raise NotFound or Invalid unless a log is in the run and belongs to a datapoint of its dataset."""
    names = {"run_id": row.id, "dataset_version_id": row.dataset_version_id, "log_id": log_id}
    found = connection.execute(_LOG, names).first()
    location = ("body", "log_id")
    if found is None:
        raise NotFound(f"Log `{log_id}` does not exist.")
    if found.run_id is None:
        raise Invalid(f"Log `{log_id}` is not in run `{row.id}`.", location)
    if found.datapoint_id is None:
        raise Invalid(f"Log `{log_id}` has no datapoint. v4 cannot judge it; use v5.", location)
    if not found.in_dataset:
        raise _outside(found.datapoint_id, row, location)


def _find_attachment(connection: Connection, evaluation_id: str, evaluator: str) -> Attachment:
    """The attached evaluator with this file or version id. The last attached version wins."""
    attachments = read_attachments(connection, evaluation_id)
    named = [item for item in attachments if evaluator in (item.evaluator_id, item.evaluator_version_id)]
    if named:
        return named[-1]
    find_target(connection, named_target(connection, evaluator), ["evaluator"])
    attached = ", ".join(f"`{item.evaluator_id}`" for item in attachments) or "none"
    raise Invalid(
        f"Evaluator `{evaluator}` is not attached to evaluation `{evaluation_id}`. Attached: {attached}.",
        ("body", "evaluator_id"),
    )


def _log_numbers(connection: Connection, run_id: str, datapoint_ids: Sequence[str]) -> dict[str, int]:
    """The number of the newest log of a run for each datapoint with a log."""
    rows = connection.execute(
        select(run_logs.c.datapoint_id, func.max(run_logs.c.log_number).label("newest"))
        .where(run_logs.c.run_id == run_id, run_logs.c.datapoint_id.in_(datapoint_ids))
        .group_by(run_logs.c.datapoint_id)
    )
    return {row.datapoint_id: row.newest for row in rows}


def _read_run_logs(connection: Connection, evaluation_id: str, numbers: Sequence[int]) -> dict[int, RunLog]:
    attachments = read_attachments(connection, evaluation_id)
    extras = connection.execute(select(logs.c.number, logs.c.extra, logs.c.judgment).where(logs.c.number.in_(numbers)))
    labels = {row.number: {**row.extra, "judgment": row.judgment} for row in extras}
    return {
        number: RunLog(log, _counting(log.evaluator_logs, attachments), labels[number])
        for number, log in zip(numbers, read_logs(connection, numbers), strict=True)
    }


def _counting(judged: Sequence[EvaluatorLogResponse], attachments: Sequence[Attachment]) -> list[RunJudgment]:
    """The newest judgments of each attached evaluator, one per author, in attachment order; `judged` oldest first."""
    newest: list[EvaluatorLogResponse] = []
    for item in attachments:
        by_author = {
            log.user or "": log
            for log in judged
            if log.evaluator.id == item.evaluator_id
            and (item.sole or log.evaluator.version_id == item.evaluator_version_id)
        }
        newest += by_author.values()
    return [as_run_judgment(log) for log in newest]


def as_run_judgment(log: EvaluatorLogResponse) -> RunJudgment:
    """An evaluator log as the judgment of a log."""
    assert log.parent_id is not None
    assert log.created_at is not None
    return RunJudgment(
        log.id,
        log.evaluator.id,
        log.evaluator.version_id,
        log.parent_id,
        log.created_at,
        log.judgment,
        log.error,
    )
