"""Evaluations with one of their runs: a v4 evaluation. `runs` has the runs alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, Select, String, bindparam, func, or_, select

from evals_mcp.errors import Conflict, NotFound
from evals_mcp.models.datasets import DatasetResponse
from evals_mcp.models.evaluators import EvaluatorResponse
from evals_mcp.models.figures import evaluator_figures
from evals_mcp.models.files import RunVersionResponse
from evals_mcp.models.references import EvaluatorReference, Target
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.pages import window
from evals_mcp.store.database.tables import evaluation_runs, evaluations, files, runs, versions
from evals_mcp.store.evaluations.evaluations import (
    attach_evaluators,
    create_evaluation,
    find_evaluation,
)
from evals_mcp.store.evaluations.run_status import Attachment, read_attachments, read_progress
from evals_mcp.store.evaluations.runs import create_run, set_run_status
from evals_mcp.store.evaluations.stats import Stats
from evals_mcp.store.files.versions import find_file, find_version, newest_version, read_versions
from evals_mcp.store.v4.projects import find_project

_CHANGES = {
    "running": ("pending", "completed"),
    "completed": ("pending", "running"),
    "cancelled": ("pending", "running"),
}
"""The statuses from which a caller can set each status."""


class EvaluatedRun(NamedTuple):
    """An evaluation and one of its runs, with complete versions.

    `means` has the mean of each evaluator's judgments (rate of true for booleans) by evaluator version id, or None if
    there are no judgments. `means` is None unless requested.
    """

    evaluation_id: str
    run_id: str
    status: str
    created_at: datetime
    updated_at: datetime
    version: RunVersionResponse
    dataset: DatasetResponse
    evaluators: list[EvaluatorResponse]
    means: dict[str, float | None] | None


class EvaluatedRunPage(NamedTuple):
    """A page of evaluations, and the total number."""

    records: list[EvaluatedRun]
    total: int


class EvaluatedRuns:
    """Evaluations, each with one run: the given one (run id or version id), else the oldest."""

    def __init__(self, database: Database, stats: Stats) -> None:
        self._database = database
        self._stats = stats

    def get(self, evaluation_id: str, run: str | None, *, means: bool = False) -> EvaluatedRun:
        """One evaluation. Raises NotFound, and Conflict for a run without dataset or version."""
        with self._database.read() as connection:
            return self._shown(connection, evaluation_id, run, means=means)

    def page(
        self,
        file: str,
        run: str | None,
        page: int,
        size: int,
        *,
        ids: Sequence[str] = (),
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> EvaluatedRunPage:
        """A page of the evaluations of a file (id or path), newest first. Omits evaluations without such a run.

        `ids`, `start` and `end` (creation times) filter the evaluations. Raises NotFound.
        """
        with self._database.read() as connection:
            conditions = _of_file(find_project(connection, file).id)
            if ids:
                conditions.append(evaluations.c.id.in_(ids))
            if start is not None:
                conditions.append(evaluations.c.created_at >= start)
            if end is not None:
                conditions.append(evaluations.c.created_at <= end)
            limit, offset = window(page, size)
            statement = _evaluated_runs(run).where(*conditions)
            rows = connection.execute(statement.order_by(evaluations.c.number.desc()).limit(limit).offset(offset)).all()
            total = connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
            return EvaluatedRunPage(self._read(connection, rows), total)

    def all(self, file: str, run: str | None, *, means: bool = False) -> list[EvaluatedRun]:
        """All evaluations of a file (id or path), newest first, as in `page`. Raises NotFound."""
        with self._database.read() as connection:
            conditions = _of_file(find_project(connection, file).id)
            statement = _evaluated_runs(run).where(*conditions).order_by(evaluations.c.number.desc())
            return self._read(connection, connection.execute(statement).all(), means=means)

    def create(
        self,
        file: str,
        version_id: str,
        dataset: str,
        evaluators: Sequence[str],
        *,
        name: str | None,
        orchestrated: bool,
    ) -> EvaluatedRun:
        """Create an evaluation of a file (id or path) and a run of one version. A run that the caller fills is pending.

        Give dataset and evaluators by version id or file id; of a dataset file, the newest version counts. Raises
        NotFound, and Conflict if another evaluation of the file has the name.
        """
        with self._database.write() as connection:
            now = self._database.now()
            file_id = find_project(connection, file).id
            version = find_version(connection, version_id=version_id, file_id=file_id)
            evaluation_id = create_evaluation(
                connection,
                name,
                Target("id", file_id),
                [_evaluator(connection, evaluator) for evaluator in evaluators],
                now,
            )
            create_run(
                connection,
                evaluation_id,
                _newest(connection, named_target(connection, dataset)),
                Target("version_id", version.id),
                now,
                orchestrated=orchestrated,
                use_existing_logs=False,
                status=None if orchestrated else "pending",
            )
            return self._shown(connection, evaluation_id)

    def update_status(self, evaluation_id: str, run: str | None, status: str) -> EvaluatedRun:
        """Start, complete, cancel or reopen a run. A running run stays running until the next call.

        Raises NotFound, and Conflict for a change that is not allowed: no run becomes pending again, and a cancelled
        run stays cancelled.
        """
        with self._database.write() as connection:
            row = find_evaluated_run(connection, evaluation_id, run)
            current = read_status(connection, row)
            if status != current:
                if current not in _CHANGES.get(status, ()):
                    raise Conflict(f"Run `{row.id}` is {current}. A {current} run cannot become {status}.")
                set_run_status(connection, row.id, status, self._database.now())
            return self._shown(connection, evaluation_id, run)

    def add_evaluators(
        self, evaluation_id: str, evaluators: Sequence[str], evaluator_version_ids: Sequence[str]
    ) -> EvaluatedRun:
        """Attach evaluators, by file or version id. Attached evaluators stay unchanged. Raises NotFound."""
        with self._database.write() as connection:
            references = [_evaluator(connection, evaluator) for evaluator in evaluators]
            references += [EvaluatorReference(version_id=version_id) for version_id in evaluator_version_ids]
            attach_evaluators(connection, evaluation_id, references, self._database.now())
            return self._shown(connection, evaluation_id)

    def _shown(
        self, connection: Connection, evaluation_id: str, run: str | None = None, *, means: bool = False
    ) -> EvaluatedRun:
        row = find_evaluated_run(connection, evaluation_id, run)
        for part, present in (("dataset", row.dataset_version_id), ("version", row.version_id)):
            if present is None:
                raise Conflict(f"Run `{row.id}` has no {part}, so v4 cannot show it. Use v5.")
        return self._read(connection, [row], means=means)[0]

    def _read(self, connection: Connection, rows: Sequence[Row[Any]], *, means: bool = False) -> list[EvaluatedRun]:
        attached = {row.evaluation_id: read_attachments(connection, row.evaluation_id) for row in rows}
        wanted = {version_id for row in rows for version_id in (row.version_id, row.dataset_version_id)}
        wanted |= {item.evaluator_version_id for items in attached.values() for item in items}
        shown = read_versions(connection, wanted)
        return [
            EvaluatedRun(
                evaluation_id=row.evaluation_id,
                run_id=row.id,
                status=read_status(connection, row),
                created_at=row.evaluation_created_at,
                updated_at=max(row.evaluation_updated_at, row.updated_at),
                version=_version(shown, row.version_id),
                dataset=_version(shown, row.dataset_version_id),
                evaluators=[_version(shown, item.evaluator_version_id) for item in attached[row.evaluation_id]],
                means=self._means(connection, row, attached[row.evaluation_id]) if means else None,
            )
            for row in rows
        ]

    def _means(
        self, connection: Connection, row: Row[Any], attachments: Sequence[Attachment]
    ) -> dict[str, float | None]:
        stats = self._stats.read(connection, [row], attachments)[row.id]
        return {item.attachment.evaluator_version_id: evaluator_figures(item.stats).average for item in stats}


def find_evaluated_run(connection: Connection, evaluation_id: str, run: str | None) -> Row[Any]:
    """The row of an evaluation's run (see `EvaluatedRuns`) with the columns for `read_progress`. Raises NotFound."""
    names = {"evaluation_id": evaluation_id} if run is None else {"evaluation_id": evaluation_id, "run": run}
    row = connection.execute(_one(named=run is not None), names).first()
    if row is not None:
        return row
    find_evaluation(connection, evaluation_id)
    if run is not None:
        raise NotFound(f"Evaluation `{evaluation_id}` has no run with the run id or version id `{run}`.")
    raise NotFound(f"Evaluation `{evaluation_id}` has no run yet. v4 needs one.")


def named_target(connection: Connection, value: str) -> Target:
    """The version with this id, else the file."""
    version = connection.execute(select(versions.c.id).where(versions.c.id == value)).first()
    return Target("id" if version is None else "version_id", value)


def read_status(connection: Connection, row: Row[Any]) -> str:
    """The status of a run from `find_evaluated_run`. Reads counters only if no caller has set it."""
    if row.set_status is not None:
        return str(row.set_status)
    return read_progress(connection, [row], read_attachments(connection, row.evaluation_id))[row.id].status


def _evaluated_runs(run: str | None) -> Select[Any]:
    """Evaluations, each joined with one run. Omits evaluations without a run."""
    return _statement(named=False) if run is None else _statement(named=True).params(run=run)


@cache
def _statement(*, named: bool) -> Select[Any]:
    """Built once, because building takes longer than running."""
    evaluated = versions.alias("evaluated")
    return (
        select(
            runs,
            versions.c.datapoints_count,
            versions.c.file_id.label("dataset_id"),
            files.c.type.label("file_type"),
            evaluations.c.id.label("evaluation_id"),
            func.coalesce(evaluated.c.file_id, evaluations.c.file_id).label("file_id"),
            evaluations.c.created_at.label("evaluation_created_at"),
            evaluations.c.updated_at.label("evaluation_updated_at"),
        )
        .select_from(evaluations)
        .join(runs, runs.c.number == _run_number(named=named))
        .outerjoin(versions, versions.c.id == runs.c.dataset_version_id)
        .outerjoin(evaluated, evaluated.c.id == runs.c.version_id)
        .outerjoin(files, files.c.id == evaluated.c.file_id)
    )


@cache
def _one(*, named: bool) -> Select[Any]:
    return _statement(named=named).where(evaluations.c.id == bindparam("evaluation_id"))


def _run_number(*, named: bool) -> ScalarSelect[Any]:
    """The number of an evaluation's oldest run, or of the oldest one that matches `run`."""
    candidates, members = runs.alias(), evaluation_runs.alias()
    oldest = (
        select(func.min(candidates.c.number))
        .join(members, members.c.run_id == candidates.c.id)
        .where(members.c.evaluation_id == evaluations.c.id)
    )
    if named:
        run = bindparam("run", type_=String)
        oldest = oldest.where(or_(candidates.c.id == run, candidates.c.version_id == run))
    return oldest.correlate(evaluations).scalar_subquery()


def _of_file(file_id: str) -> list[ColumnElement[bool]]:
    complete = (runs.c.dataset_version_id.is_not(None), runs.c.version_id.is_not(None))
    return [evaluations.c.file_id == file_id, *complete]


def _newest(connection: Connection, dataset: Target) -> Target:
    """The newest version of a dataset file, as v4 knows no others; a version stays itself. Raises NotFound."""
    if dataset.by == "version_id":
        return dataset
    version = newest_version(connection, find_file(connection, dataset.value, types=["dataset"]).id)
    return dataset if version is None else Target("version_id", version.id)


def _evaluator(connection: Connection, value: str) -> EvaluatorReference:
    target = named_target(connection, value)
    return EvaluatorReference.model_validate({target.by: target.value})


def _version(shown: Mapping[str, Any], version_id: str) -> Any:
    return shown[version_id]
