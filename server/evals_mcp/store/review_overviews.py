"""Evaluations for reviews: in a list, and each with its evaluators and runs; no log is read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, case, exists, func, select

from evals_mcp.errors import NotFound, Outdated
from evals_mcp.models.review import (
    EvaluationRow,
    EvaluationRows,
    EvaluatorFigures,
    EvaluatorRow,
    KnownOverview,
    Overview,
    RunRow,
)
from evals_mcp.statistics.aggregates import BooleanStats, JudgmentCounts, NumberStats, OptionStats
from evals_mcp.statistics.leaders import read_headline
from evals_mcp.store.database import Database
from evals_mcp.store.run_status import (
    Attachment,
    RunProgress,
    evaluation_status,
    read_attachments,
    read_progress,
    read_runs,
)
from evals_mcp.store.stats import EvaluatorInRun, Stats
from evals_mcp.store.tables import evaluation_evaluators, evaluation_runs, evaluations, files, runs, versions

_KEPT = 64


class ReviewOverviews:
    """Evaluations as a reviewer first sees them."""

    def __init__(self, database: Database, stats: Stats) -> None:
        self._database = database
        self._stats = stats
        self._kept: dict[str, KnownOverview] = {}

    def list_evaluations(self, text: str | None, limit: int, offset: int) -> EvaluationRows:
        """Evaluations whose name, file, id or evaluator contains a text, the last changed first."""
        with self._database.read() as connection:
            changed = _changed_at()
            conditions = [] if not text else [_matches(text)]
            total = connection.execute(
                select(func.count())
                .select_from(evaluations)
                .outerjoin(files, files.c.id == evaluations.c.file_id)
                .where(*conditions)
            ).scalar_one()
            rows = connection.execute(
                _evaluations(changed)
                .where(*conditions)
                .order_by(changed.desc(), evaluations.c.number.desc())
                .limit(limit)
                .offset(offset)
            ).all()
            found = [_evaluation_row(row, self._read(connection, _find(connection, row.id))) for row in rows]
            return EvaluationRows(rows=found, total=total)

    def get(self, word: str, known: str | None = None) -> KnownOverview:
        """The evaluation with this id, or else the only one with this name or file, with statistics of its runs.

        The overview is left out if its token is `known`. Raises NotFound.
        """
        with self._database.read() as connection:
            return self._read(connection, _find(connection, word), known)

    def require(self, evaluation_id: str, token: str) -> None:
        """Raise Outdated unless an evaluation's overview still has this token, and NotFound without the evaluation."""
        if self.get(evaluation_id, token).token != token:
            raise Outdated("The evaluation has changed since its overview was read.")

    def _read(self, connection: Connection, evaluation: Row[Any], known: str | None = None) -> KnownOverview:
        """The overview of an evaluation (a row of `_find`), kept until something in it changes."""
        attachments = read_attachments(connection, evaluation.id)
        run_rows = read_runs(connection, evaluation.id)
        run_rows.reverse()
        progress = read_progress(connection, run_rows, attachments)
        evaluators = _evaluators(connection, attachments)
        named = _version_names(connection, run_rows)
        judged = [progress[run.id].judged for run in run_rows]
        token = _token(
            tuple(evaluation),
            attachments,
            [tuple(run) for run in run_rows],
            judged,
            [tuple(row) for row in evaluators.values()],
            sorted(tuple(row) for row in named.values()),
        )
        if token == known:
            return KnownOverview(token=token, overview=None)
        kept = self._kept.get(evaluation.id)
        if kept is None or kept.token != token:
            stats = self._stats.read(connection, run_rows, attachments)
            overview = _overview(evaluation, attachments, run_rows, progress, stats, evaluators, named)
            kept = KnownOverview(token=token, overview=overview)
            self._keep(evaluation.id, kept)
        return kept

    def _keep(self, evaluation_id: str, overview: KnownOverview) -> None:
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[evaluation_id] = overview


def _token(*rows: Any) -> str:
    """The same for the same rows, in whichever process."""
    return blake2b(repr(rows).encode(errors="replace"), digest_size=12).hexdigest()


def _overview(
    evaluation: Row[Any],
    attachments: Sequence[Attachment],
    run_rows: Sequence[Row[Any]],
    progress: Mapping[str, RunProgress],
    stats: Mapping[str, Sequence[EvaluatorInRun]],
    evaluators: Mapping[str, Any],
    named: Mapping[str, Any],
) -> Overview:
    shown = _evaluator_rows(attachments, evaluators)
    statuses = [progress[run.id].status for run in run_rows]
    changed_at = max([evaluation.updated_at, *(run.updated_at for run in run_rows)])
    return Overview(
        evaluation=_row(
            evaluation, changed_at, len(run_rows), [item.path for item in shown], evaluation_status(statuses)
        ),
        evaluators=shown,
        runs=[
            RunRow(
                id=run.id,
                version_id=run.version_id,
                version_name=None if run.version_id is None else named[run.version_id].name,
                file_path=None if run.version_id is None else named[run.version_id].path,
                dataset_version_id=run.dataset_version_id,
                dataset_path=None if run.dataset_version_id is None else named[run.dataset_version_id].path,
                datapoints_count=run.datapoints_count,
                logs_count=run.logs_count,
                missing_datapoints=progress[run.id].missing_datapoints,
                status=status,
                control=run.control,
                created_at=run.created_at,
                stats=[evaluator_figures(item.stats) for item in stats[run.id]],
            )
            for run, status in zip(run_rows, statuses, strict=True)
        ],
    )


def evaluator_figures(stats: JudgmentCounts) -> EvaluatorFigures:
    """An evaluator's statistics in a run as reviews show them."""
    counts = (stats.total_logs, stats.num_judgments, stats.num_nulls, stats.num_errors)
    match stats:
        case BooleanStats():
            return EvaluatorFigures(*counts, num_true=stats.num_true)
        case NumberStats(percentiles=percentiles):
            return EvaluatorFigures(*counts, mean=stats.mean, low=percentiles.get("0"), high=percentiles.get("100"))
        case OptionStats():
            return EvaluatorFigures(*counts, options=stats.num_judgments_per_option)
    return EvaluatorFigures(*counts)


_EVALUATORS = (
    select(versions.c.id, versions.c.file_id, versions.c.content, files.c.path)
    .join(files, files.c.id == versions.c.file_id)
    .where(versions.c.id.in_(bindparam("ids", expanding=True)))
)


def read_evaluator_rows(connection: Connection, attachments: Sequence[Attachment]) -> list[EvaluatorRow]:
    """Attached evaluator versions, in the order they were attached."""
    return _evaluator_rows(attachments, _evaluators(connection, attachments))


def _evaluators(connection: Connection, attachments: Sequence[Attachment]) -> dict[str, Any]:
    ids = [item.evaluator_version_id for item in attachments]
    return {row.id: row for row in connection.execute(_EVALUATORS, {"ids": ids})}


def _evaluator_rows(attachments: Sequence[Attachment], found: Mapping[str, Any]) -> list[EvaluatorRow]:
    rows = [found[item.evaluator_version_id] for item in attachments]
    return [evaluator_row(row.file_id, row.id, row.path, row.content["spec"]) for row in rows]


def evaluator_row(file_id: str, version_id: str, path: str, spec: dict[str, Any]) -> EvaluatorRow:
    """An evaluator's row out of its specification as JSON."""
    options = spec.get("options") or []
    limits = spec.get("number_limits") or {}
    return EvaluatorRow(
        id=file_id,
        version_id=version_id,
        path=path,
        return_type=spec["return_type"],
        evaluator_type=spec.get("evaluator_type"),
        options=[option["name"] for option in options],
        valences={option["name"]: option["valence"] for option in options if option.get("valence")},
        low=limits.get("min"),
        high=limits.get("max"),
        lower_is_better=spec.get("number_valence") == "negative",
        neutral=spec.get("number_valence") == "neutral",
    )


def _changed_at() -> ColumnElement[Any]:
    """The last change of an evaluation or of one of its runs."""
    of_runs = (
        select(func.max(runs.c.updated_at))
        .join(evaluation_runs, evaluation_runs.c.run_id == runs.c.id)
        .where(evaluation_runs.c.evaluation_id == evaluations.c.id)
        .correlate(evaluations)
        .scalar_subquery()
    )
    return case((of_runs > evaluations.c.updated_at, of_runs), else_=evaluations.c.updated_at).label("changed_at")


def _evaluations(changed: ColumnElement[Any]) -> Select[Any]:
    columns = (evaluations.c.id, evaluations.c.name, evaluations.c.file_id, evaluations.c.created_at)
    return select(*columns, files.c.path.label("file_path"), changed).outerjoin(
        files, files.c.id == evaluations.c.file_id
    )


def _matches(text: str) -> ColumnElement[bool]:
    evaluator = files.alias("evaluator")
    attached = exists().where(
        evaluation_evaluators.c.evaluation_id == evaluations.c.id,
        evaluator.c.id == evaluation_evaluators.c.evaluator_id,
        evaluator.c.path.icontains(text, autoescape=True),
    )
    return (
        evaluations.c.name.icontains(text, autoescape=True)
        | files.c.path.icontains(text, autoescape=True)
        | evaluations.c.id.startswith(text, autoescape=True)
        | attached
    )


def _evaluation_row(row: Row[Any], known: KnownOverview) -> EvaluationRow:
    assert known.overview is not None
    headline = read_headline(known.overview)
    return known.overview.evaluation.model_copy(update={"changed_at": row.changed_at, "headline": headline})


def _row(row: Row[Any], changed_at: datetime, runs_count: int, evaluators: list[str], status: str) -> EvaluationRow:
    return EvaluationRow(
        id=row.id,
        name=row.name,
        file_id=row.file_id,
        file_path=row.file_path,
        runs_count=runs_count,
        evaluators=evaluators,
        status=status,
        created_at=row.created_at,
        changed_at=changed_at,
    )


_VERSION_NAMES = (
    select(versions.c.id, versions.c.name, files.c.path)
    .join(files, files.c.id == versions.c.file_id)
    .where(versions.c.id.in_(bindparam("ids", expanding=True)))
)


def _version_names(connection: Connection, run_rows: Sequence[Row[Any]]) -> dict[str, Any]:
    ids = {id for run in run_rows for id in (run.version_id, run.dataset_version_id) if id is not None}
    return {row.id: row for row in connection.execute(_VERSION_NAMES, {"ids": sorted(ids)})}


_FOUND = select(
    evaluations.c.id,
    evaluations.c.name,
    evaluations.c.file_id,
    evaluations.c.created_at,
    evaluations.c.updated_at,
    files.c.path.label("file_path"),
).outerjoin(files, files.c.id == evaluations.c.file_id)
_BY_ID = _FOUND.where(evaluations.c.id == bindparam("word"))
_BY_NAME = _FOUND.where((evaluations.c.name == bindparam("word")) | (files.c.path == bindparam("word"))).limit(2)


def _find(connection: Connection, word: str) -> Any:
    """The evaluation with this id, or the only one with this name or file. Raises NotFound."""
    rows = connection.execute(_BY_ID, {"word": word}).all() or connection.execute(_BY_NAME, {"word": word}).all()
    if len(rows) != 1:
        raise NotFound(f"No evaluation, or more than one, is called `{word[:200]}`.")
    return rows[0]
