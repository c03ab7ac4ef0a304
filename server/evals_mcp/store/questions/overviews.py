"""Evaluations: as a list, and each with its evaluators and runs. Reads no logs."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, case, exists, func, select

from evals_mcp.errors import NotFound
from evals_mcp.models.figures import EvaluatorFigures, evaluator_figures
from evals_mcp.models.reported_figures import ReportedFigure
from evals_mcp.models.rows import EvaluationRow, EvaluationRows, KnownOverview, Overview, RunRow
from evals_mcp.models.runs import evaluation_status
from evals_mcp.statistics.leaders import read_headline
from evals_mcp.store.database.columns import microseconds, moment
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.tables import evaluation_evaluators, evaluation_runs, evaluations, files, runs
from evals_mcp.store.database.text_search import contains_text
from evals_mcp.store.evaluations.reported_figures import read_reported_figures
from evals_mcp.store.evaluations.run_status import RunProgress, read_progress
from evals_mcp.store.evaluations.stats import Stats
from evals_mcp.store.evaluations.stats_problems import count_failed, not_run
from evals_mcp.store.questions.evaluation_states import EvaluationState, EvaluationStates
from evals_mcp.store.questions.run_subjects import read_run_differences, read_version_names
from evals_mcp.store.revision_cache import RevisionCache


class Overviews:
    """Lists and overviews of evaluations."""

    def __init__(self, database: Database, stats: Stats, evaluations: EvaluationStates, cache: RevisionCache) -> None:
        self._database = database
        self._stats = stats
        self._evaluations = evaluations
        self._cache = cache

    def list_evaluations(
        self, text: str | None, limit: int, offset: int, following: Sequence[int] | None = None
    ) -> EvaluationRows:
        """Evaluations whose name, file, id or evaluator contains a text, most recently changed first.

        They begin at the offset, or after what they are `following`: when one changed, and its number.
        """
        with self._database.read() as connection:
            changed = _changed_at()
            conditions = [] if not text else [_matches(connection, text)]
            total = connection.execute(
                select(func.count())
                .select_from(evaluations)
                .outerjoin(files, files.c.id == evaluations.c.file_id)
                .where(*conditions)
            ).scalar_one()
            number = evaluations.c.number
            listed = (
                select(evaluations.c.id, changed, number)
                .outerjoin(files, files.c.id == evaluations.c.file_id)
                .where(*conditions)
            )
            if following is not None:
                at, last = moment(following[0]), following[1]
                listed = listed.where((changed < at) | ((changed == at) & (number < last)))
                offset = total - connection.execute(select(func.count()).select_from(listed.subquery())).scalar_one()
            page = listed.order_by(changed.desc(), number.desc()).limit(limit)
            rows = connection.execute(page if following is not None else page.offset(offset)).all()
            return EvaluationRows(
                rows=[_evaluation_row(row, self._read(connection, _find(connection, row.id))) for row in rows],
                total=total,
                offset=offset,
                after=[[microseconds(row.changed_at), row.number] for row in rows],
            )

    def get(self, word: str, known: str | None = None) -> KnownOverview:
        """The evaluation with this id, else the only one with this name or file, with statistics of its runs.

        Omits the overview if its token is `known`. Raises NotFound.
        """
        with self._database.read() as connection:
            return self._read(connection, _find(connection, word), known)

    def newest(self, connection: Connection, evaluation: EvaluationState, known: str | None) -> KnownOverview | None:
        """The overview in this transaction, for a caller whose overview is older. `known` is its token, if any."""
        if known in (None, evaluation.token):
            return None
        return self._read(connection, _find(connection, evaluation.id))

    def _read(self, connection: Connection, row: Row[Any], known: str | None = None) -> KnownOverview:
        """The overview of an evaluation (a row of `_find`)."""
        evaluation = self._evaluations.read(connection, row.id)
        if evaluation.token == known:
            return KnownOverview(token=known, overview=None)
        overview = self._cache.get(
            "overview", row.id, evaluation.token, lambda: self._compute(connection, row, evaluation)
        )
        return KnownOverview(token=evaluation.token, overview=overview)

    def _compute(self, connection: Connection, row: Row[Any], evaluation: EvaluationState) -> Overview:
        runs_oldest_first = evaluation.runs[::-1]
        progress = read_progress(connection, runs_oldest_first, evaluation.attachments)
        stats = self._stats.read(connection, runs_oldest_first, evaluation.attachments)
        authors = self._stats.authors(connection, stats)
        named = read_version_names(connection, runs_oldest_first)
        differences = read_run_differences(connection, self._cache, runs_oldest_first, named)
        figures = {
            run.id: [
                evaluator_figures(
                    found.stats,
                    *self._stats.by_datapoint(connection, run, item.attachment, item.row.return_type),
                    who,
                )
                for item, found, who in zip(evaluation.evaluators, stats[run.id], authors[run.id], strict=True)
            ]
            for run in runs_oldest_first
        }
        failed = count_failed(connection, list(figures))
        reported = read_reported_figures(connection, list(figures))
        overview = _overview(row, evaluation, progress, figures, named, differences, failed, reported)
        return overview.model_copy(update={"not_run": not_run(connection, evaluation.attachments)})


def _overview(
    evaluation: Row[Any],
    state: EvaluationState,
    progress: Mapping[str, RunProgress],
    figures: Mapping[str, list[EvaluatorFigures]],
    named: Mapping[str, Any],
    differences: Sequence[list[str]],
    failed: Mapping[str, int],
    reported: Mapping[str, list[ReportedFigure]],
) -> Overview:
    run_rows = state.runs[::-1]
    statuses = [progress[run.id].status for run in run_rows]
    return Overview(
        evaluation=EvaluationRow(
            id=evaluation.id,
            name=evaluation.name,
            file_id=evaluation.file_id,
            file_path=evaluation.file_path,
            runs_count=len(run_rows),
            evaluators=[item.row.path for item in state.evaluators],
            status=evaluation_status(statuses),
            created_at=evaluation.created_at,
            changed_at=max([evaluation.updated_at, *(run.updated_at for run in run_rows)]),
        ),
        evaluators=[item.row for item in state.evaluators],
        runs=[
            RunRow(
                id=run.id,
                version_id=run.version_id,
                version_name=None if run.version_id is None else named[run.version_id].name,
                differences=parts,
                file_path=None if run.version_id is None else named[run.version_id].path,
                dataset_version_id=run.dataset_version_id,
                dataset_path=None if run.dataset_version_id is None else named[run.dataset_version_id].path,
                datapoints_count=run.datapoints_count,
                logs_count=run.logs_count,
                missing_datapoints=progress[run.id].missing_datapoints,
                failed_logs=failed.get(run.id, 0),
                status=status,
                control=run.control,
                created_at=run.created_at,
                stats=figures[run.id],
                reported=reported.get(run.id, []),
            )
            for run, status, parts in zip(run_rows, statuses, differences, strict=True)
        ],
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


def _matches(connection: Connection, text: str) -> ColumnElement[bool]:
    evaluator = files.alias("evaluator")
    attached = exists().where(
        evaluation_evaluators.c.evaluation_id == evaluations.c.id,
        evaluator.c.id == evaluation_evaluators.c.evaluator_id,
        contains_text(connection, text, [evaluator.c.path]),
    )
    named = contains_text(connection, text, (evaluations.c.name, files.c.path))
    return named | evaluations.c.id.startswith(text, autoescape=True) | attached


def _evaluation_row(row: Any, known: KnownOverview) -> EvaluationRow:
    assert known.overview is not None
    headline = read_headline(known.overview)
    return known.overview.evaluation.model_copy(update={"changed_at": row.changed_at, "headline": headline})


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
        raise NotFound(f"No evaluation, or more than one, has the name `{word[:200]}`.")
    return rows[0]
