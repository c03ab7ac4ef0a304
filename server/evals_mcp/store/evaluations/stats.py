"""Statistics of runs, from their judgment rows. Reads no texts of logs."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select

from evals_mcp.models.figures import Authors, SharedLogs
from evals_mcp.models.judgments import ABSTAINED, FAILED, JUDGED
from evals_mcp.models.runs import evaluation_status
from evals_mcp.models.stats import (
    BooleanEvaluatorStatsResponse,
    EvaluationStats,
    EvaluatorStatsResponse,
    NumericEvaluatorStatsResponse,
    RunStatsResponse,
    SelectEvaluatorStatsResponse,
    TextEvaluatorStatsResponse,
)
from evals_mcp.statistics.aggregates import (
    BooleanStats,
    JudgmentCounts,
    NumberStats,
    OptionStats,
    boolean_stats,
    multi_select_stats,
    number_stats,
    select_stats,
)
from evals_mcp.statistics.datapoint_figures import CountedJudgment, average_by_datapoint, shares_by_datapoint
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.tables import NAMED, evaluation_runs, files, judgments, runs
from evals_mcp.store.evaluations.evaluations import find_evaluation
from evals_mcp.store.evaluations.run_status import (
    Attachment,
    counting_judgments,
    judgments_of,
    read_attachments,
    read_progress,
    read_runs,
)
from evals_mcp.store.evaluations.stats_problems import read_problems
from evals_mcp.store.evaluations.stats_texts import headline, progress_text, report_text
from evals_mcp.store.files.versions import read_specs, read_versions
from evals_mcp.store.logs.judgments import judgment_value, options_key
from evals_mcp.store.revision_cache import RevisionCache

_NEWEST_RUN = (
    select(runs.c.id)
    .join(evaluation_runs, evaluation_runs.c.run_id == runs.c.id)
    .where(evaluation_runs.c.evaluation_id == bindparam("evaluation_id"))
    .order_by(runs.c.number.desc())
    .limit(1)
)


class EvaluatorInRun(NamedTuple):
    """The statistics of one attached evaluator in one run."""

    attachment: Attachment
    stats: JudgmentCounts


class DatapointFigures(NamedTuple):
    """A rate or mean, shares of options, and pass rate in which each datapoint counts once; and their number."""

    average: float | None = None
    shares: dict[str, float] | None = None
    units: int | None = None
    pass_rate: float | None = None


class Stats:
    """Statistics of evaluations. The figures of a run are cached until the run changes."""

    def __init__(self, database: Database, cache: RevisionCache) -> None:
        self._database = database
        self._cache = cache

    def get(self, evaluation_id: str, labels: Mapping[str, str] | None = None) -> EvaluationStats:
        """The statistics of an evaluation, newest run first, with texts for a terminal. Raises NotFound.

        `labels` are what the report calls runs, by id.
        """
        with self._database.read() as connection:
            evaluation = find_evaluation(connection, evaluation_id)
            rows = read_runs(connection, evaluation_id)
            attachments = read_attachments(connection, evaluation_id)
            progress = read_progress(connection, rows, attachments)
            run_stats = self.read(connection, rows, attachments)
            names = _names(connection, evaluation, rows, attachments)
            problems = read_problems(connection, evaluation.file_id, rows, attachments)
            specs = read_specs(connection, [item.evaluator_version_id for item in attachments])
            figures = {
                row.id: [self._headline(connection, row, item, specs) for item in run_stats[row.id]] for row in rows
            }
        responses = [
            RunStatsResponse(
                run_id=row.id,
                version_id=row.version_id,
                num_logs=row.logs_count,
                evaluator_stats=[stats_response(item) for item in run_stats[row.id]],
                status=progress[row.id].status,
            )
            for row in rows
        ]
        return EvaluationStats(
            run_stats=responses,
            status=evaluation_status([response.status for response in responses]),
            progress=progress_text(list(progress.values()), problems),
            report=report_text(names, labels or {}, rows, figures, problems, f"evals://evaluations/{evaluation_id}"),
        )

    def _headline(
        self, connection: Connection, run: Row[Any], item: EvaluatorInRun, specs: Mapping[str, Mapping[str, Any]]
    ) -> str:
        return_type = specs[item.attachment.evaluator_version_id]["return_type"]
        return headline(item.stats, *self.by_datapoint(connection, run, item.attachment, return_type)[:2])

    def lacks_only_judgments(self, evaluation_id: str, lately: timedelta) -> bool:
        """Whether the newest run has all its logs, lacks judgments, and changed recently. Raises NotFound.

        False for orchestrated runs and for runs that a caller has closed.
        """
        with self._database.read() as connection:
            find_evaluation(connection, evaluation_id)
            newest = connection.execute(_NEWEST_RUN, {"evaluation_id": evaluation_id}).scalars().all()
            rows = read_runs(connection, evaluation_id, newest)
            if not rows or rows[0].orchestrated or rows[0].set_status is not None or not rows[0].logs_count:
                return False
            if rows[0].incomplete_logs_count or self._database.now() - rows[0].updated_at > lately:
                return False
            progress = read_progress(connection, rows, read_attachments(connection, evaluation_id))[rows[0].id]
            return not progress.missing_datapoints and progress.missing_judgments > 0

    def read(
        self, connection: Connection, rows: Sequence[Row[Any]], attachments: Sequence[Attachment]
    ) -> dict[str, list[EvaluatorInRun]]:
        """Statistics of each attached evaluator in each run, by run id; rows as from `read_runs`."""
        specs = read_specs(connection, [item.evaluator_version_id for item in attachments])
        found: dict[str, list[EvaluatorInRun]] = {}
        for row in rows:
            found[row.id] = [
                EvaluatorInRun(item, self._one(connection, row, item, specs[item.evaluator_version_id]))
                for item in attachments
            ]
        return found

    def by_datapoint(
        self, connection: Connection, run: Row[Any], attachment: Attachment, return_type: str
    ) -> DatapointFigures:
        """An evaluator's figures in a run in which it judged a datapoint repeatedly, or by several authors; else empty.

        `run` is a row as from `read_runs`.
        """
        if run.logs_count <= run.logged_datapoints_count and not attachment.is_shared:
            return DatapointFigures()
        asked = (run.id, attachment, return_type)
        return self._cache.get("figures by datapoint", asked, run, lambda: _by_datapoint(connection, *asked))

    def authors(
        self, connection: Connection, found: Mapping[str, Sequence[EvaluatorInRun]]
    ) -> dict[str, list[Authors | None]]:
        """Who judged, for each evaluator in each run of `read`; None if no author is known."""
        named = connection.execute(_NAMED_AUTHORS, {"run_ids": list(found)}).all()
        return {
            run_id: [_authors(connection, run_id, item, named) for item in evaluators]
            for run_id, evaluators in found.items()
        }

    def _one(
        self, connection: Connection, run: Row[Any], attachment: Attachment, spec: dict[str, Any]
    ) -> JudgmentCounts:
        return self._cache.get(
            "statistics", (run.id, attachment), run, lambda: _count(connection, run.id, attachment, spec)
        )


class Names(NamedTuple):
    """The names in a report: the file's path, and version and evaluator names by version id."""

    file: str | None
    versions: dict[str, str]
    evaluators: dict[str, str]


def _count(connection: Connection, run_id: str, attachment: Attachment, spec: dict[str, Any]) -> JudgmentCounts:
    """Statistics of one evaluator in one run, from the counts of each judgment."""
    asked = {"run_id": run_id, "evaluator_id": attachment.evaluator_id}
    if not attachment.sole:
        asked["evaluator_version_id"] = attachment.evaluator_version_id
    rows = connection.execute(_SOLE_COUNTS if attachment.sole else _VERSION_COUNTS, asked).all()
    kind, options = spec["return_type"], [option["name"] for option in spec.get("options") or []]
    errors, nulls = (sum(row.times for row in rows if row.state == state) for state in (FAILED, ABSTAINED))
    passed, not_passed = (sum(row.times for row in rows if row.passed is verdict) for verdict in (True, False))
    found = _judged_stats(kind, options, rows, nulls, errors)
    return replace(found, num_passed=passed, num_not_passed=not_passed) if passed or not_passed else found


def _judged_stats(
    kind: str, options: Sequence[str], rows: Sequence[Row[Any]], nulls: int, errors: int
) -> JudgmentCounts:
    values: list[Any] = [None] * nulls
    for row in rows:
        if row.state == JUDGED:
            values += [judgment_value(row.number, row.label, kind)] * row.times
    match kind:
        case "boolean":
            return boolean_stats(values, errors)
        case "number":
            return number_stats(values, errors)
        case "select":
            return select_stats(values, errors, options)
        case "multi_select":
            return multi_select_stats(values, errors, options)
    return JudgmentCounts(
        total_logs=len(values) + errors, num_judgments=len(values) - nulls, num_nulls=nulls, num_errors=errors
    )


def _counts(*, sole: bool) -> Select[Any]:
    columns = (judgments.c.state, judgments.c.number, judgments.c.label, judgments.c.passed)
    counting = counting_judgments(bindparam("evaluator_id"), bindparam("evaluator_version_id"), sole=sole)
    of_run = judgments.c.run_id == bindparam("run_id")
    return select(*columns, func.count().label("times")).where(of_run, *counting).group_by(*columns)


# A first answer executes one for each evaluator in each run, and making a statement takes longer than executing it.
_SOLE_COUNTS, _VERSION_COUNTS = _counts(sole=True), _counts(sole=False)

_NAMED_AUTHORS = (
    select(
        judgments.c.run_id,
        judgments.c.evaluator_id,
        judgments.c.evaluator_version_id,
        judgments.c.latest,
        judgments.c.author,
        func.count().label("logs"),
    )
    .where(judgments.c.run_id.in_(bindparam("run_ids", expanding=True)), NAMED, judgments.c.state == JUDGED)
    .group_by(*(judgments.c[key] for key in ("run_id", "evaluator_id", "evaluator_version_id", "latest", "author")))
    .order_by(judgments.c.author)
)


def _authors(connection: Connection, run_id: str, found: EvaluatorInRun, named: Sequence[Row[Any]]) -> Authors | None:
    """The authors of an evaluator's judgments in a run. `named` are the rows of `_NAMED_AUTHORS`."""
    of = found.attachment
    logs: Counter[str] = Counter()
    for row in named:
        counts = row.latest if of.sole else row.evaluator_version_id == of.evaluator_version_id
        if row.run_id == run_id and row.evaluator_id == of.evaluator_id and counts:
            logs[row.author] += row.logs
    if not logs and not of.is_shared:
        return None
    logs[""] = found.stats.num_judgments - logs.total()
    return Authors(+logs, _shared_logs(connection, run_id, of) if of.is_shared else None)


def _shared_logs(connection: Connection, run_id: str, attachment: Attachment) -> SharedLogs:
    columns = judgments.c
    rows = connection.execute(
        select(columns.log_number, columns.state, columns.number, columns.label).where(
            columns.run_id == run_id, *judgments_of(attachment)
        )
    )
    values: dict[int, set[Any]] = defaultdict(set)
    for log_number, state, number, label in rows:
        values[log_number] |= {(number, options_key(label))} if state == JUDGED else set()
    judged = [found for found in values.values() if found]
    return SharedLogs(len(values), len(judged), sum(len(found) > 1 for found in judged))


def _by_datapoint(connection: Connection, run_id: str, attachment: Attachment, return_type: str) -> DatapointFigures:
    value = judgments.c.number if return_type in ("boolean", "number") else judgments.c.label
    columns: Any = judgments.c
    times: ColumnElement[Any] = func.count()
    counting = (
        judgments.c.run_id == run_id,
        judgments.c.state == JUDGED,
        value.is_not(None),
        *judgments_of(attachment),
    )
    if attachment.is_shared:
        part = 1.0 / func.count().over(partition_by=judgments.c.log_number)
        each = (*(judgments.c[name] for name in _GROUPED), part.label("part"))
        columns, counting = select(*each).where(*counting).subquery().c, ()
        times = func.sum(columns.part)
    grouped = tuple(columns[name] for name in _GROUPED)
    rows = connection.execute(select(*grouped, times.label("times")).where(*counting).group_by(*grouped)).all()
    counted = [
        CountedJudgment(row.datapoint_id, judgment_value(row.number, row.label, return_type), float(row.times))
        for row in rows
    ]
    repeated: dict[str | None, float] = defaultdict(float)
    for item in counted:
        repeated[item.datapoint_id] += item.times if item.datapoint_id else 0
    if max(repeated.values(), default=0) < 2 and not attachment.is_shared:
        return DatapointFigures()
    if return_type == "text":
        return DatapointFigures()
    alone = sum(item.times for item in counted if item.datapoint_id is None)
    units = len({item.datapoint_id for item in counted} - {None}) + round(alone)
    verdicts = [
        CountedJudgment(row.datapoint_id, row.passed, float(row.times)) for row in rows if row.passed is not None
    ]
    passed = average_by_datapoint(verdicts)
    if return_type in ("boolean", "number"):
        return DatapointFigures(average=average_by_datapoint(counted), units=units, pass_rate=passed)
    return DatapointFigures(shares=shares_by_datapoint(counted), units=units, pass_rate=passed)


_GROUPED = ("datapoint_id", "number", "label", "passed")


def stats_response(item: EvaluatorInRun) -> EvaluatorStatsResponse:
    """An evaluator's statistics in a run, in API form."""
    figures = asdict(item.stats)
    if isinstance(item.stats, NumberStats):
        figures["mean"] = item.stats.mean or 0.0  # the SDK rounds it, so it must be a number
    return _RESPONSES[type(item.stats)](evaluator_version_id=item.attachment.evaluator_version_id, **figures)


_RESPONSES: dict[type[JudgmentCounts], Callable[..., EvaluatorStatsResponse]] = {
    BooleanStats: BooleanEvaluatorStatsResponse,
    NumberStats: NumericEvaluatorStatsResponse,
    OptionStats: SelectEvaluatorStatsResponse,
    JudgmentCounts: TextEvaluatorStatsResponse,
}


def _names(
    connection: Connection, evaluation: Row[Any], rows: Sequence[Row[Any]], attachments: Sequence[Attachment]
) -> Names:
    path = connection.execute(select(files.c.path).where(files.c.id == evaluation.file_id)).scalar()
    shown = read_versions(connection, [row.version_id for row in rows if row.version_id is not None])
    evaluators = read_versions(connection, [item.evaluator_version_id for item in attachments])
    return Names(
        path,
        {version_id: version.version_name or version_id for version_id, version in shown.items()},
        {item.evaluator_version_id: evaluators[item.evaluator_version_id].path for item in attachments},
    )
