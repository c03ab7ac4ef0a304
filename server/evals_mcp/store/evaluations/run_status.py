"""The status of a run: set by a caller, or derived from its logs and judgments. No writes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, exists, func, select

from evals_mcp.store.database.tables import (
    evaluation_evaluators,
    evaluation_runs,
    judged_counts,
    judgments,
    run_logs,
    runs,
    versions,
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """An evaluator version attached to an evaluation. `sole` if no other version of that evaluator is attached.

    `for_review` if it came with labels, so that no run waits for its judgments.
    `is_shared` if several authors judged one log of its runs by this evaluator, so that a log has several judgments.
    """

    evaluator_id: str
    evaluator_version_id: str
    orchestrated: bool
    sole: bool
    added_at: Any
    is_shared: bool = False
    for_review: bool = False


@dataclass(frozen=True, slots=True)
class RunProgress:
    """The progress of a run in one evaluation: existing and required logs and judgments.

    `judged` counts judged logs by attached version; those of `required` versions must be all logs.
    """

    run: Row[Any]
    datapoints_needed: int | None
    judged: dict[str, int]
    required: Sequence[str]

    @property
    def missing_datapoints(self) -> int:
        """Datapoints of the run's dataset without a log in the run."""
        return 0 if self.datapoints_needed is None else self.datapoints_needed - int(self.run.logged_datapoints_count)

    @property
    def missing_judgments(self) -> int:
        """Pairs of a log and a required evaluator without a judgment."""
        return sum(int(self.run.logs_count) - self.judged[version_id] for version_id in self.required)

    @property
    def status(self) -> str:
        """pending, running, completed or cancelled."""
        if self.run.set_status is not None:
            return str(self.run.set_status)
        if self.datapoints_needed is None and not self.run.logs_count:
            return "pending"
        done = not (self.missing_datapoints or self.missing_judgments or self.run.incomplete_logs_count)
        return "completed" if done else "running"


_ATTACHMENTS = (
    select(
        evaluation_evaluators.c.evaluator_id,
        evaluation_evaluators.c.evaluator_version_id,
        evaluation_evaluators.c.orchestrated,
        evaluation_evaluators.c.for_review,
        evaluation_evaluators.c.added_at,
        exists()
        .where(
            evaluation_runs.c.evaluation_id == evaluation_evaluators.c.evaluation_id,
            judged_counts.c.run_id == evaluation_runs.c.run_id,
            judged_counts.c.evaluator_id == evaluation_evaluators.c.evaluator_id,
            judged_counts.c.judgments_count > judged_counts.c.logs_count,
        )
        .correlate(evaluation_evaluators)
        .label("is_shared"),
    )
    .where(evaluation_evaluators.c.evaluation_id == bindparam("evaluation_id"))
    .order_by(evaluation_evaluators.c.position)
)


def read_attachments(connection: Connection, evaluation_id: str) -> list[Attachment]:
    """The evaluator versions attached to an evaluation, in the order they were added."""
    rows = connection.execute(_ATTACHMENTS, {"evaluation_id": evaluation_id}).all()
    files = [row.evaluator_id for row in rows]
    return [
        Attachment(
            row.evaluator_id,
            row.evaluator_version_id,
            row.orchestrated,
            files.count(row.evaluator_id) == 1,
            row.added_at,
            bool(row.is_shared),
            row.for_review,
        )
        for row in rows
    ]


_RUNS: Select[Any] = (
    select(
        *(column for column in runs.c if column is not runs.c.reported_figures),
        evaluation_runs.c.control,
        evaluation_runs.c.added_at,
        versions.c.datapoints_count,
    )
    .join(evaluation_runs, evaluation_runs.c.run_id == runs.c.id)
    .outerjoin(versions, versions.c.id == runs.c.dataset_version_id)
    .where(evaluation_runs.c.evaluation_id == bindparam("evaluation_id"))
    .order_by(runs.c.number.desc())
)
_SOME_RUNS = _RUNS.where(runs.c.id.in_(bindparam("run_ids", expanding=True)))


def read_runs(connection: Connection, evaluation_id: str, run_ids: Iterable[str] | None = None) -> list[Row[Any]]:
    """The runs of an evaluation with `control`, `added_at` and `datapoints_count` (of the dataset), newest first."""
    if run_ids is None:
        return list(connection.execute(_RUNS, {"evaluation_id": evaluation_id}).all())
    return list(connection.execute(_SOME_RUNS, {"evaluation_id": evaluation_id, "run_ids": list(run_ids)}))


def read_progress(
    connection: Connection, rows: Sequence[Row[Any]], attachments: Sequence[Attachment]
) -> dict[str, RunProgress]:
    """The progress of each run, by run id; rows as from `read_runs`."""
    counts = _judged_counts(connection, [row.id for row in rows], attachments)
    required = [item.evaluator_version_id for item in attachments if not item.for_review]
    return {
        row.id: RunProgress(
            row,
            row.datapoints_count,
            {item.evaluator_version_id: counts.get((row.id, item.evaluator_version_id), 0) for item in attachments},
            required,
        )
        for row in rows
    }


def judgments_of(attachment: Attachment) -> list[Any]:
    """The conditions for judgments that count for an attached evaluator version.

    A judgment by another version of the evaluator also counts, unless several versions are attached.
    """
    return counting_judgments(attachment.evaluator_id, attachment.evaluator_version_id, sole=attachment.sole)


def counting_judgments(evaluator_id: Any, evaluator_version_id: Any, *, sole: bool) -> list[Any]:
    """The conditions of `judgments_of`. The ids may be parameters of a statement."""
    of_version = judgments.c.latest.is_(True) if sole else judgments.c.evaluator_version_id == evaluator_version_id
    return [judgments.c.evaluator_id == evaluator_id, of_version]


def judgment_exists(attachment: Attachment) -> ColumnElement[bool]:
    """Whether a log in `run_logs` has a judgment that counts for an attached evaluator version.

    An index answers this, because it need not find the latest judgment.
    """
    return exists().where(*_counting_for(attachment)).correlate(run_logs)


def lacks_judgment(attachment: Attachment) -> ColumnElement[bool]:
    """Whether a log in `run_logs` has no such judgment, for logs of several runs.

    An index answers this log by log. For NOT EXISTS, PostgreSQL may read the evaluator's judgments of all runs.
    """
    found = select(judgments.c.log_number).where(*_counting_for(attachment)).correlate(run_logs).limit(1)
    return found.scalar_subquery().is_(None)


def _counting_for(attachment: Attachment) -> list[ColumnElement[bool]]:
    """The conditions on a judgment of a log in `run_logs` that counts for an attached evaluator version."""
    conditions = [
        judgments.c.run_id == run_logs.c.run_id,
        judgments.c.log_number == run_logs.c.log_number,
        judgments.c.evaluator_id == attachment.evaluator_id,
    ]
    if not attachment.sole:
        conditions.append(judgments.c.evaluator_version_id == attachment.evaluator_version_id)
    return conditions


_JUDGED_COUNTS = select(judged_counts).where(judged_counts.c.run_id.in_(bindparam("run_ids", expanding=True)))


def _judged_counts(
    connection: Connection, run_ids: Sequence[str], attachments: Sequence[Attachment]
) -> dict[tuple[str, str], int]:
    """Judged logs by run id and attached version id."""
    by_file = {item.evaluator_id: item.evaluator_version_id for item in attachments if item.sole}
    counts: dict[tuple[str, str], int] = {}
    if by_file and run_ids:
        kept = connection.execute(_JUDGED_COUNTS, {"run_ids": list(run_ids)}).all()
        counts = {
            (row.run_id, by_file[row.evaluator_id]): row.logs_count for row in kept if row.evaluator_id in by_file
        }
    for item in attachments:
        if item.sole or not run_ids:
            continue
        counted = (
            select(judgments.c.run_id, func.count(func.distinct(judgments.c.log_number)))
            .where(judgments.c.run_id.in_(run_ids), *judgments_of(item))
            .group_by(judgments.c.run_id)
        )
        counts |= {(run_id, item.evaluator_version_id): count for run_id, count in connection.execute(counted)}
    return counts
