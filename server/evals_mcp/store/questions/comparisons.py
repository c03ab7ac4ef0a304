"""Comparisons of runs: computed over their columns; texts are read only for the datapoints that are shown."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select

from evals_mcp.errors import Invalid, NotFound
from evals_mcp.models.comparisons import ComparedDatapoint, ComparisonQuestion, Comparisons
from evals_mcp.models.review import DatapointLog, JudgmentRow
from evals_mcp.statistics.columns import RunColumns
from evals_mcp.statistics.datapoint_changes import DatapointChange
from evals_mcp.statistics.run_comparisons import PairComparison, compare_pair, compare_runs
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.tables import datapoints, logs
from evals_mcp.store.evaluations.run_status import Attachment
from evals_mcp.store.questions.cache import Kept
from evals_mcp.store.questions.evaluation_states import ReviewedEvaluation, ReviewedEvaluations
from evals_mcp.store.questions.log_rows import read_judgment_rows, read_log_rows
from evals_mcp.store.questions.run_columns import Judge, ReviewColumns, RunsAsColumns
from evals_mcp.truncation import cut_texts

_KEPT_ROWS = 20_000  # of comparisons and of the options in them


class _Place(NamedTuple):
    run_id: str
    log_number: int


class ReviewComparisons:
    """Comparisons of runs. What a pair of runs comes to is kept until one of them changes."""

    def __init__(self, database: Database, reviewed: ReviewedEvaluations) -> None:
        self._database = database
        self._reviewed = reviewed
        self._columns = ReviewColumns()
        self._pairs: Kept[tuple[Any, ...], PairComparison] = Kept(_KEPT_ROWS)

    def get(self, evaluation_id: str, question: ComparisonQuestion, known: str | None = None) -> Comparisons:
        """The answer to a question about runs of an evaluation.

        Raises NotFound, Invalid, and Outdated unless `known`, if given, is the token of the evaluation's overview.
        """
        question = question.model_copy(update={"candidate_run_ids": list(dict.fromkeys(question.candidate_run_ids))})
        run_ids = [question.baseline_run_id, *question.candidate_run_ids]
        if question.shown_run_id is not None and question.shown_run_id not in question.candidate_run_ids:
            raise Invalid("`shown_run_id` must be one of the candidates.", ("body", "shown_run_id"))
        with self._database.read() as connection:
            reviewed = self._reviewed.read(connection, evaluation_id, known)
            rows = {row.id: row for row in reviewed.find_runs(run_ids)}
            judges = _judges(reviewed, question.evaluator_version_ids)
            found = self._columns.read(connection, rows.values(), judges)
            compare = partial(self._pair, judges, rows[question.baseline_run_id], rows, found.columns)
            answer, shown = compare_runs(question, [judge.row for judge in judges], found.columns, compare)
            sides = (question.baseline_run_id, answer.shown_run_id)
            rows_shown = _datapoints(connection, sides, shown, found, judges, reviewed.attachments, question.characters)
            return answer.model_copy(update={"datapoints": rows_shown})

    def _pair(
        self,
        judges: Sequence[Judge],
        baseline: Row[Any],
        rows: dict[str, Row[Any]],
        columns: dict[str, RunColumns],
        run_id: str,
    ) -> PairComparison:
        candidate = rows[run_id]
        asked = tuple((judge.row.version_id, judge.attachment.sole) for judge in judges)
        key = (baseline.id, candidate.id, asked)
        state = (baseline.revision, candidate.revision)
        pair = self._pairs.get(key, state)
        if pair is None:
            pair = compare_pair([judge.row for judge in judges], columns[baseline.id], columns[run_id])
            weight = 8 + sum(1 + len(comparison.options) for comparison in pair.comparisons)
            self._pairs.put(key, state, pair, weight)
        return pair


def _judges(reviewed: ReviewedEvaluation, version_ids: Sequence[str]) -> list[Judge]:
    """The attached evaluators of these versions, in the order asked for. Raises NotFound."""
    pairs = zip(reviewed.attachments, reviewed.evaluators, strict=True)
    attached = {row.version_id: Judge(item, row) for item, row in pairs}
    for version_id in version_ids:
        if version_id not in attached:
            raise NotFound(f"The evaluation has no evaluator version `{version_id}`.")
    return [attached[version_id] for version_id in dict.fromkeys(version_ids)]


_DATAPOINTS = select(datapoints.c.id, datapoints.c.content).where(datapoints.c.id.in_(bindparam("ids", expanding=True)))
_LOG_IDS = select(logs.c.number, logs.c.id, logs.c.error.is_not(None).label("failed")).where(
    logs.c.number.in_(bindparam("numbers", expanding=True))
)


def _datapoints(
    connection: Connection,
    run_ids: tuple[str, str],
    shown: Sequence[DatapointChange],
    found: RunsAsColumns,
    judges: Sequence[Judge],
    attachments: Sequence[Attachment],
    characters: int,
) -> list[ComparedDatapoint]:
    """The datapoints shown with the texts of one log of each run (baseline, candidate)."""
    ids = [found.keys.id_of(change.key) for change in shown]
    contents = {row.id: row.content for row in connection.execute(_DATAPOINTS, {"ids": ids})}
    places = [
        [
            [_Place(run_id, int(found.numbers[run_id][at])) for at in logs_of_run]
            for run_id, logs_of_run in zip(run_ids, (change.baseline, change.candidate), strict=True)
        ]
        for change in shown
    ]
    first = [side[0] for sides in places for side in sides if side]
    whole = dict(zip(first, read_log_rows(connection, first, attachments, characters), strict=True))
    others = _other_logs(connection, [place for sides in places for side in sides for place in side[1:]], attachments)
    rows = []
    for id, change, sides in zip(ids, shown, places, strict=True):
        content = {name: contents.get(id, {}).get(name) for name in ("inputs", "messages", "target")}
        cut, lengths = cut_texts(content, characters)
        baseline, candidate = (whole[side[0]] if side else None for side in sides)
        rows.append(
            ComparedDatapoint(
                id=id,
                inputs=cut["inputs"] or {},
                messages=cut["messages"] or [],
                target=cut["target"],
                lengths=lengths,
                evaluators=[judges[place].row.version_id for place in change.evaluators],
                baseline=baseline,
                candidate=candidate,
                other_logs=[others[place] for side in sides for place in side[1:]],
            )
        )
    return rows


def _other_logs(
    connection: Connection, places: Sequence[_Place], attachments: Sequence[Attachment]
) -> dict[_Place, DatapointLog]:
    """Logs of which only the judgments are shown."""
    if not places:
        return {}
    found = {
        row.number: row for row in connection.execute(_LOG_IDS, {"numbers": [place.log_number for place in places]})
    }
    judged = read_judgment_rows(connection, places, attachments, 0)
    return {
        place: _with_judgments(found[place.log_number], place.run_id, judged.get(place, {}), attachments)
        for place in places
    }


def _with_judgments(
    row: Any, run_id: str, judged: dict[str, JudgmentRow], attachments: Sequence[Attachment]
) -> DatapointLog:
    said = [judged.get(item.evaluator_version_id) for item in attachments]
    return DatapointLog(
        id=row.id,
        run_id=run_id,
        failed=row.failed,
        states="".join("m" if item is None else item.state[0] for item in said),
        judgments=[None if item is None else item.judgment for item in said],
    )
