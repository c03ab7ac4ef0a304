"""Add logs and judgments to a run inside a transaction, and keep the run's counters exact."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, delete, exists, func, select, update

from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import dataset_datapoints, judged_counts, judgments, logs, run_logs, runs
from evals_mcp.store.database.upserts import Upsert
from evals_mcp.store.files.versions import read_specs
from evals_mcp.store.logs.judgments import JudgedBy, JudgmentColumns, author_key, judgment_columns
from evals_mcp.store.logs.rows import log_facts
from evals_mcp.store.logs.step_usage import refresh_above, with_steps


def link_log(connection: Connection, run: Row[Any], log: Mapping[str, Any], now: datetime) -> None:
    """Add a new, unjudged log (a row with its number) to a run. A finished run reopens."""
    datapoint_id = log["datapoint_id"]
    first = datapoint_id is not None and _is_first_log(connection, run, datapoint_id)
    link = run_log(run.id, log)
    connection.execute(_INSERT, link)
    status = "running" if run.set_status == "running" else None
    counts = NewLogs(1, incomplete=int(not link["complete"]), first=int(first))
    count_logs(connection, run, counts, status, log["version_id"], now)


class NewLogs(NamedTuple):
    """Logs added to a run: all, the incomplete ones, and the datapoints of its dataset that now have their first."""

    logs: int
    incomplete: int
    first: int


def count_logs(
    connection: Connection, run: Row[Any], new: NewLogs, status: str | None, version_id: str, now: datetime
) -> None:
    """Count new logs of a run, and set its status. A run without a version gets this one."""
    values = {"of_run": run.id, "status": status, "version": run.version_id or version_id, "now": now}
    connection.execute(_COUNT_LOGS, values | new._asdict())


def link_existing_logs(connection: Connection, run: Row[Any], numbers: Sequence[int], now: datetime) -> list[int]:
    """Add existing logs with their judgments to a run. Logs that are already in the run stay unchanged.

    A finished run reopens. A run without a version gets the version of the first log. Returns the numbers of the logs
    that the run did not have.
    """
    linked = copy_logs(connection, run, numbers, now)
    if linked:
        set_status = "running" if run.set_status == "running" else None
        connection.execute(update(runs).where(runs.c.id == run.id).values(set_status=set_status))
    return linked


def copy_logs(connection: Connection, run: Row[Any], numbers: Sequence[int], now: datetime) -> list[int]:
    """The same, but the run's status stays as it is set."""
    linked: list[int] = []
    for batch in batches(numbers):
        rows = connection.execute(
            select(logs)
            .where(
                logs.c.number.in_(batch),
                ~exists().where(run_logs.c.run_id == run.id, run_logs.c.log_number == logs.c.number),
            )
            .order_by(logs.c.number)
        ).mappings()
        found = {row["number"]: row for row in rows}
        if not found:
            continue
        whole = with_steps(connection, found.values())
        connection.execute(run_logs.insert(), [run_log(run.id, row) for row in whole])
        _copy_judgments(connection, run.id, {number: row["datapoint_id"] for number, row in found.items()})
        first = next(found[number]["version_id"] for number in batch if number in found)
        version_id = func.coalesce(runs.c.version_id, first)
        connection.execute(update(runs).where(runs.c.id == run.id).values(version_id=version_id))
        linked += found
    if linked:
        recount_run(connection, run.id, now)
    return linked


def unlink_judgments(connection: Connection, evaluator_log_numbers: Sequence[int]) -> set[str]:
    """Remove judgments from all runs. The authors' previous judgments, if any, count again.

    Returns the runs, whose counters the caller brings up to date.
    """
    judged: set[tuple[int, str]] = set()
    for batch in batches(evaluator_log_numbers):
        of_batch = logs.c.number.in_(batch)
        found = select(logs.c.judged_log_number, logs.c.file_id).where(of_batch)
        judged |= {(row.judged_log_number, row.file_id) for row in connection.execute(found)}
        connection.execute(update(logs).where(of_batch).values(judged_log_number=None))
    return {
        run_id
        for log_number, evaluator_id in sorted(judged)
        for run_id in _judge_again(connection, log_number, evaluator_id)
    }


def refresh_judgments(connection: Connection, judged_log_number: int, evaluator_id: str, now: datetime) -> None:
    """Bring what runs keep of an evaluator's judgments of a log up to date after one of them changed."""
    for run_id in _judge_again(connection, judged_log_number, evaluator_id):
        recount_run(connection, run_id, now)


def _judge_again(connection: Connection, judged_log_number: int, evaluator_id: str) -> list[str]:
    """Copy an evaluator's judgments of a log to its runs again. Returns these runs."""
    connection.execute(
        delete(judgments).where(judgments.c.log_number == judged_log_number, judgments.c.evaluator_id == evaluator_id)
    )
    in_runs = connection.execute(_IN_RUNS, {"of_log": judged_log_number}).all()
    for run_log in in_runs:
        _copy_judgments(connection, run_log.run_id, {judged_log_number: run_log.datapoint_id}, evaluator_id)
    return [run_log.run_id for run_log in in_runs]


def add_judgment(
    connection: Connection,
    judged_log_number: int,
    by: JudgedBy,
    evaluator_log_number: int,
    columns: JudgmentColumns,
    now: datetime,
) -> None:
    """Record a judgment in each run with the judged log. The newest judgment of each author counts."""
    of_log = {"of_log": judged_log_number, "by_evaluator": by.evaluator_id}
    in_runs = connection.execute(_TO_JUDGE, of_log).all()
    if not in_runs:
        return
    replaced = connection.execute(SUPERSEDE_JUDGMENT, {**of_log, "by_author": by.author}).rowcount
    judgment = {
        **by._asdict(),
        "log_number": judged_log_number,
        "evaluator_log_number": evaluator_log_number,
        "latest": True,
        **columns._asdict(),
    }
    connection.execute(
        RECORD_JUDGMENT.on(connection),
        [{"run_id": row.run_id, "datapoint_id": row.datapoint_id, **judgment} for row in in_runs],
    )
    if replaced:
        connection.execute(CHANGE_RUNS, {"of_runs": [row.run_id for row in in_runs], "now": now})
    else:
        more = {row.run_id: NewlyJudged(int(not row.is_judged), 1) for row in in_runs}
        count_judged(connection, by.evaluator_id, more, now)


class NewlyJudged(NamedTuple):
    """Logs that an evaluator had not judged before, and judgments by authors who had not judged the log."""

    logs_count: int
    judgments_count: int


def count_judged(connection: Connection, evaluator_id: str, more: Mapping[str, NewlyJudged], now: datetime) -> None:
    """Count more logs as judged by an evaluator, and more judgments, by run id."""
    rows = [{"run_id": run_id, "evaluator_id": evaluator_id, **new._asdict()} for run_id, new in more.items()]
    connection.execute(_COUNT_JUDGED.on(connection), rows)
    connection.execute(CHANGE_RUNS, {"of_runs": list(more), "now": now})


def refresh_facts(connection: Connection, log: Mapping[str, Any], now: datetime) -> None:
    """Update the facts of a log, and of the logs above it in its trace, in their runs after a change."""
    if log["trace_parent_number"] is not None:
        refresh_above(connection, [log["trace_parent_number"]], now)
    mine = run_logs.c.log_number == log["number"]
    before = connection.execute(
        select(run_logs.c.run_id, run_logs.c.complete, run_logs.c.datapoint_id).where(mine)
    ).all()
    if not before:
        return
    facts = log_facts(with_steps(connection, [log])[0])
    connection.execute(update(run_logs).where(mine).values(**facts._asdict(), datapoint_id=log["datapoint_id"]))
    for run_log in before:
        if run_log.datapoint_id != log["datapoint_id"]:
            of_log = (judgments.c.run_id == run_log.run_id, judgments.c.log_number == log["number"])
            connection.execute(update(judgments).where(*of_log).values(datapoint_id=log["datapoint_id"]))
            recount_run(connection, run_log.run_id, now)
            continue
        more = int(run_log.complete) - int(facts.complete)
        connection.execute(
            update(runs)
            .where(runs.c.id == run_log.run_id)
            .values(
                incomplete_logs_count=runs.c.incomplete_logs_count + more,
                revision=runs.c.revision + 1,
                updated_at=now,
            )
        )


def recount_run(connection: Connection, run_id: str, now: datetime) -> None:
    """Recount a run's logs, datapoints and judged logs from the rows."""
    run = connection.execute(select(runs).where(runs.c.id == run_id)).one()
    in_run = run_logs.c.run_id == run_id
    in_dataset = (
        select(func.count(func.distinct(run_logs.c.datapoint_id)))
        .join(dataset_datapoints, dataset_datapoints.c.datapoint_id == run_logs.c.datapoint_id)
        .where(in_run, dataset_datapoints.c.version_id == run.dataset_version_id)
    )
    connection.execute(
        update(runs)
        .where(runs.c.id == run_id)
        .values(
            logs_count=select(func.count()).select_from(run_logs).where(in_run).scalar_subquery(),
            incomplete_logs_count=select(func.count())
            .select_from(run_logs)
            .where(in_run, run_logs.c.complete.is_(False))
            .scalar_subquery(),
            logged_datapoints_count=in_dataset.scalar_subquery(),
            revision=runs.c.revision + 1,
            updated_at=now,
        )
    )
    connection.execute(delete(judged_counts).where(judged_counts.c.run_id == run_id))
    connection.execute(
        judged_counts.insert().from_select(
            ["run_id", "evaluator_id", "logs_count", "judgments_count"],
            select(
                judgments.c.run_id,
                judgments.c.evaluator_id,
                func.count(func.distinct(judgments.c.log_number)),
                func.count(),
            )
            .where(judgments.c.run_id == run_id, judgments.c.latest.is_(True))
            .group_by(judgments.c.run_id, judgments.c.evaluator_id),
        )
    )


_JUDGMENT_SOURCE = ("judged_log_number", "file_id", "version_id", "judgment", "error")
# Build the statements once: building takes several times as long as running.
_INSERT = run_logs.insert()
_COUNT_LOGS = (
    update(runs)
    .where(runs.c.id == bindparam("of_run"))
    .values(
        logs_count=runs.c.logs_count + bindparam("logs"),
        incomplete_logs_count=runs.c.incomplete_logs_count + bindparam("incomplete"),
        logged_datapoints_count=runs.c.logged_datapoints_count + bindparam("first"),
        revision=runs.c.revision + 1,
        set_status=bindparam("status"),
        version_id=bindparam("version"),
        updated_at=bindparam("now"),
    )
)
_FIRST = select(
    exists().where(
        dataset_datapoints.c.version_id == bindparam("dataset_version_id"),
        dataset_datapoints.c.datapoint_id == bindparam("datapoint_id"),
    ),
    exists(run_logs.c.log_number).where(
        run_logs.c.run_id == bindparam("run_id"), run_logs.c.datapoint_id == bindparam("datapoint_id")
    ),
)
_IN_RUNS = select(run_logs.c.run_id, run_logs.c.datapoint_id).where(run_logs.c.log_number == bindparam("of_log"))
SUPERSEDE_JUDGMENT = (
    update(judgments)
    .where(
        judgments.c.log_number == bindparam("of_log"),
        judgments.c.evaluator_id == bindparam("by_evaluator"),
        judgments.c.author == bindparam("by_author"),
        judgments.c.latest.is_(True),
    )
    .values(latest=False)
)
_TO_JUDGE = _IN_RUNS.add_columns(
    exists()
    .where(
        judgments.c.run_id == run_logs.c.run_id,
        judgments.c.evaluator_id == bindparam("by_evaluator"),
        judgments.c.log_number == run_logs.c.log_number,
    )
    .correlate(run_logs)
    .label("is_judged")
)
RECORD_JUDGMENT = Upsert(
    judgments,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["run_id", "evaluator_id", "log_number", "evaluator_version_id", "author"],
        set_={name: insert.excluded[name] for name in ("evaluator_log_number", "latest", *JudgmentColumns._fields)},
    ),
)
_COUNT_JUDGED = Upsert(
    judged_counts,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["run_id", "evaluator_id"],
        set_={name: judged_counts.c[name] + insert.excluded[name] for name in NewlyJudged._fields},
    ),
)
CHANGE_RUNS = (
    update(runs)
    .where(runs.c.id.in_(bindparam("of_runs", expanding=True)))
    .values(revision=runs.c.revision + 1, updated_at=bindparam("now"))
)


def _is_first_log(connection: Connection, run: Row[Any], datapoint_id: str) -> bool:
    """Whether a datapoint is in the run's dataset and the run has no log for it yet."""
    if run.dataset_version_id is None:
        return False
    missing = {"dataset_version_id": run.dataset_version_id, "run_id": run.id, "datapoint_id": datapoint_id}
    in_dataset, has_log = connection.execute(_FIRST, missing).one()
    return bool(in_dataset and not has_log)


def run_log(run_id: str, log: Mapping[Any, Any]) -> dict[str, Any]:
    """The row of a log in a run."""
    facts = log_facts(log)._asdict()
    return {"run_id": run_id, "log_number": log["number"], "datapoint_id": log["datapoint_id"], **facts}


def _copy_judgments(
    connection: Connection, run_id: str, datapoint_ids: Mapping[int, str | None], evaluator_id: str | None = None
) -> None:
    """Copy the judgments of logs into a run, the newest of each evaluator version and author. Updates no counters.

    The keys of `datapoint_ids` are the logs' numbers. `evaluator_id` limits the copy to one evaluator.
    """
    statement = (
        select(
            logs.c.number,
            *(logs.c[name] for name in _JUDGMENT_SOURCE),
            logs.c.extra["user"].label("user"),
            logs.c.extra["passed"].as_boolean().label("passed"),
        )
        .where(logs.c.judged_log_number.in_(list(datapoint_ids)))
        .order_by(logs.c.number)
    )
    if evaluator_id is not None:
        statement = statement.where(logs.c.file_id == evaluator_id)
    newest: dict[tuple[int, JudgedBy], Any] = {}
    latest: dict[tuple[int, str, str], int] = {}
    for row in connection.execute(statement):
        by = JudgedBy(row.file_id, row.version_id, author_key(row.user))
        newest[row.judged_log_number, by] = row
        latest[row.judged_log_number, by.evaluator_id, by.author] = row.number
    if not newest:
        return
    specs = read_specs(connection, sorted({row.version_id for row in newest.values()}))
    connection.execute(
        judgments.insert(),
        [
            {
                **by._asdict(),
                "run_id": run_id,
                "log_number": row.judged_log_number,
                "evaluator_log_number": row.number,
                "datapoint_id": datapoint_ids[row.judged_log_number],
                "latest": latest[row.judged_log_number, by.evaluator_id, by.author] == row.number,
                **judgment_columns(row.judgment, row.error, specs[row.version_id], row.passed)._asdict(),
            }
            for (_, by), row in newest.items()
        ],
    )
