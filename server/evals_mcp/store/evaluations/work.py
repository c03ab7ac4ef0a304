"""Open work of runs: datapoints without logs, and logs without judgments. A runner does the work."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, exists, func, literal, or_, select, update

from evals_mcp.models.judgments import FAILED
from evals_mcp.store.database.acts import current_act
from evals_mcp.store.database.identity import new_id
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import (
    datapoints,
    dataset_datapoints,
    evaluation_evaluators,
    evaluation_runs,
    judged_counts,
    judgments,
    logs,
    run_logs,
    runs,
    versions,
)
from evals_mcp.store.journal.entries import add_rows
from evals_mcp.store.logs.rows import log_facts
from evals_mcp.store.logs.run_logs import NewLogs, NewlyJudged, count_judged, count_logs, recount_run


class _Evaluator(NamedTuple):
    """An attached evaluator version that the server should run; `sole` as in `run_status.Attachment`."""

    run_id: str
    evaluator_id: str
    evaluator_version_id: str
    kind: str
    sole: bool


class Work(Repository):
    """Open work of orchestrated runs and evaluators. Completed and cancelled runs have none."""

    def waiting(self, run_ids: Sequence[str], evaluator_types: Sequence[str]) -> list[str]:
        """The runs that wait for a log, or for a judgment by an evaluator of these types, from the server."""
        if not run_ids:
            return []
        with self._database.read() as connection:
            asked = {"run_ids": list(run_ids), "kinds": list(evaluator_types)}
            rows = connection.execute(_OPEN_RUNS, asked).all()
            judged = [row.id for row in rows if row.is_judged]
            evaluators = _evaluators(connection, judged, evaluator_types) if judged else []
            return [row.id for row in rows if _lacks_logs(row) or _lacks_judgments(connection, row, evaluators)]

    def fail(self, run_id: str, log_error: str, judgment_errors: Mapping[str, str]) -> None:
        """Write errors for all open work of a run, in one transaction.

        First an error log for each datapoint without a log, then an error judgment of each complete log by each
        evaluator whose type is in `judgment_errors`. A completed, cancelled or unknown run stays unchanged.
        """
        with self._database.write() as connection:
            run = connection.execute(_OPEN_RUNS, {"run_ids": [run_id], "kinds": list(judgment_errors)}).first()
            if run is None:
                return
            now = self._database.now()
            last = _last_log(connection)
            if _lacks_logs(run):
                _fail_logs(connection, run, log_error, now)
            for evaluator in _evaluators(connection, [run_id], list(judgment_errors)):
                _fail_judgments(connection, evaluator, judgment_errors[evaluator.kind], now)
            if (newest := _last_log(connection)) > last:
                add_rows(connection, current_act(), "server", [last + 1, newest])


_KIND = versions.c.content[("spec", "evaluator_type")].as_string()
_IS_JUDGED = (
    exists(evaluation_evaluators.c.evaluator_id)
    .where(
        evaluation_runs.c.run_id == runs.c.id,
        evaluation_evaluators.c.evaluation_id == evaluation_runs.c.evaluation_id,
        evaluation_evaluators.c.orchestrated.is_(True),
        versions.c.id == evaluation_evaluators.c.evaluator_version_id,
        _KIND.in_(bindparam("kinds", expanding=True)),
    )
    .correlate(runs)
)
_datasets = versions.alias("datasets")
# Each write runs these, and nearly always finds nothing. Built once, because building takes longer than running.
_OPEN_RUNS = (
    select(
        runs.c.id,
        runs.c.version_id,
        runs.c.dataset_version_id,
        runs.c.orchestrated,
        runs.c.set_status,
        runs.c.logged_datapoints_count,
        _datasets.c.datapoints_count,
        _IS_JUDGED.label("is_judged"),
    )
    .outerjoin(_datasets, _datasets.c.id == runs.c.dataset_version_id)
    .where(
        runs.c.id.in_(bindparam("run_ids", expanding=True)),
        or_(runs.c.set_status.is_(None), runs.c.set_status == "running"),
    )
)


def _evaluators(connection: Connection, run_ids: Sequence[str], kinds: Sequence[str]) -> list[_Evaluator]:
    """The orchestrated evaluators of these types in the evaluations of the runs."""
    columns = evaluation_evaluators.c
    rows = connection.execute(
        select(
            evaluation_runs.c.run_id,
            columns.evaluation_id,
            columns.evaluator_id,
            columns.evaluator_version_id,
            _KIND.label("kind"),
            columns.orchestrated,
        )
        .join(evaluation_evaluators, columns.evaluation_id == evaluation_runs.c.evaluation_id)
        .join(versions, versions.c.id == columns.evaluator_version_id)
        .where(evaluation_runs.c.run_id.in_(run_ids))
        .order_by(columns.evaluation_id, columns.position)
    ).all()
    attached = Counter((row.run_id, row.evaluation_id, row.evaluator_id) for row in rows)
    return [
        _Evaluator(
            row.run_id,
            row.evaluator_id,
            row.evaluator_version_id,
            row.kind,
            sole=attached[row.run_id, row.evaluation_id, row.evaluator_id] == 1,
        )
        for row in rows
        if row.orchestrated and row.kind in kinds
    ]


def _lacks_logs(run: Row[Any]) -> bool:
    return bool(run.orchestrated) and int(run.logged_datapoints_count) < int(run.datapoints_count or 0)


def _lacks_judgments(connection: Connection, run: Row[Any], evaluators: Sequence[_Evaluator]) -> bool:
    return any(_unjudged(connection, evaluator) for evaluator in evaluators if evaluator.run_id == run.id)


def _unjudged(connection: Connection, evaluator: _Evaluator) -> list[int]:
    """The numbers of a run's complete logs that lack a judgment by the evaluator, oldest first.

    For a sole evaluator the counters give the number of such logs. They are mostly the newest, so this reads few rows.
    """
    judged = [
        judgments.c.run_id == run_logs.c.run_id,
        judgments.c.evaluator_id == evaluator.evaluator_id,
        judgments.c.log_number == run_logs.c.log_number,
    ]
    if not evaluator.sole:
        judged.append(judgments.c.evaluator_version_id == evaluator.evaluator_version_id)
    statement = (
        select(run_logs.c.log_number, run_logs.c.complete)
        .where(run_logs.c.run_id == evaluator.run_id, ~exists().where(*judged))
        .order_by(run_logs.c.log_number.desc())
    )
    if evaluator.sole:
        statement = statement.limit(_missing_judgments(connection, evaluator))
    return [row.log_number for row in reversed(connection.execute(statement).all()) if row.complete]


def _missing_judgments(connection: Connection, evaluator: _Evaluator) -> int:
    counted = select(runs.c.logs_count - func.coalesce(judged_counts.c.logs_count, 0)).outerjoin(
        judged_counts,
        (judged_counts.c.run_id == runs.c.id) & (judged_counts.c.evaluator_id == evaluator.evaluator_id),
    )
    return int(connection.execute(counted.where(runs.c.id == evaluator.run_id)).scalar_one())


def _fail_logs(connection: Connection, run: Row[Any], error: str, now: datetime) -> None:
    """Insert an error log for each datapoint of the run's dataset that has none."""
    logged = exists(run_logs.c.log_number).where(
        run_logs.c.run_id == run.id, run_logs.c.datapoint_id == dataset_datapoints.c.datapoint_id
    )
    points = connection.execute(
        select(datapoints.c.id, datapoints.c.content)
        .join(dataset_datapoints, dataset_datapoints.c.datapoint_id == datapoints.c.id)
        .where(dataset_datapoints.c.version_id == run.dataset_version_id, ~logged)
        .order_by(dataset_datapoints.c.position)
    ).all()
    rows = [
        {
            **_error_row(error, now),
            "datapoint_id": point.id,
            "inputs": point.content.get("inputs") or {},
            "messages": point.content.get("messages"),
        }
        for point in points
    ]
    new = _insert_logs(connection, run.version_id, rows, now)
    facts = [literal(value, run_logs.c[name].type) for name, value in log_facts(rows[0])._asdict().items()]
    connection.execute(
        run_logs.insert().from_select(
            ["run_id", "log_number", "datapoint_id", *log_facts(rows[0])._fields],
            select(literal(run.id), logs.c.number, logs.c.datapoint_id, *facts).where(new),
        )
    )
    counts = NewLogs(len(rows), incomplete=0, first=len(rows))
    count_logs(connection, run, counts, run.set_status, run.version_id, now)


def _fail_judgments(connection: Connection, evaluator: _Evaluator, error: str, now: datetime) -> None:
    """Insert an error judgment of each complete log that the evaluator has not judged, in all runs of the log."""
    numbers = _unjudged(connection, evaluator)
    if not numbers:
        return
    rows = [{**_error_row(error, now), "inputs": {}, "judged_log_number": number} for number in numbers]
    new = _insert_logs(connection, evaluator.evaluator_version_id, rows, now)
    judged = select(logs.c.judged_log_number).where(new)
    if not evaluator.sole:
        connection.execute(
            update(judgments)
            .where(
                judgments.c.log_number.in_(judged),
                judgments.c.evaluator_id == evaluator.evaluator_id,
                judgments.c.author == "",
                judgments.c.latest.is_(True),
            )
            .values(latest=False)
        )
    connection.execute(
        judgments.insert().from_select(
            [
                "run_id",
                "evaluator_id",
                "log_number",
                "evaluator_version_id",
                "author",
                "evaluator_log_number",
                "datapoint_id",
                "latest",
                "state",
            ],
            select(
                run_logs.c.run_id,
                literal(evaluator.evaluator_id),
                run_logs.c.log_number,
                literal(evaluator.evaluator_version_id),
                literal(""),
                logs.c.number,
                run_logs.c.datapoint_id,
                literal(True),
                literal(FAILED),
            )
            .join(run_logs, run_logs.c.log_number == logs.c.judged_log_number)
            .where(new),
        )
    )
    in_runs = (
        select(run_logs.c.run_id, func.count())
        .where(run_logs.c.log_number.in_(judged))
        .group_by(run_logs.c.run_id)
        .order_by(run_logs.c.run_id)
    )
    counts = {row[0]: NewlyJudged(row[1], row[1]) for row in connection.execute(in_runs)}
    if evaluator.sole:
        count_judged(connection, evaluator.evaluator_id, counts, now)
        return
    for run_id in counts:
        recount_run(connection, run_id, now)


def _last_log(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(logs.c.number), 0))).scalar_one())


def _error_row(error: str, now: datetime) -> dict[str, Any]:
    return {"id": new_id("log"), "log_status": "complete", "created_at": now, "error": error, "extra": {}}


def _insert_logs(connection: Connection, version_id: str, rows: Sequence[dict[str, Any]], now: datetime) -> Any:
    """Insert logs of a version in one statement and count them. Returns the condition that selects them."""
    last = _last_log(connection)
    file_id = connection.execute(select(versions.c.file_id).where(versions.c.id == version_id)).scalar_one()
    connection.execute(logs.insert(), [{**row, "file_id": file_id, "version_id": version_id} for row in rows])
    connection.execute(
        update(versions)
        .where(versions.c.id == version_id)
        .values(logs_count=versions.c.logs_count + len(rows), last_used_at=now)
    )
    return (logs.c.version_id == version_id) & (logs.c.number > last)
