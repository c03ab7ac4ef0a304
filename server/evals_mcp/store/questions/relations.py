"""Tell how judgments relate to each other and to the measures of logs."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, select

from evals_mcp.models.judgments import JUDGED
from evals_mcp.models.questions import RelationQuestion
from evals_mcp.models.relations import NumberRow, RelationRow, RelationRows
from evals_mcp.statistics.columns import MEASURES, RunColumns
from evals_mcp.statistics.relations import LogNumbers, describe, relate
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.tables import run_logs
from evals_mcp.store.questions.evaluation_states import EvaluationState, EvaluationStates
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.overviews import Overviews
from evals_mcp.store.questions.run_columns import RunColumnsReader, fetch
from evals_mcp.store.revision_cache import RevisionCache

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NONE = {"logs": 0, "mean": 0.0, "quantiles": [], "bars": []}


class RelationQuestions:
    """Answers questions on relations."""

    def __init__(
        self, database: Database, evaluations: EvaluationStates, overviews: Overviews, cache: RevisionCache
    ) -> None:
        self._database = database
        self._evaluations = evaluations
        self._overviews = overviews
        self._cache = cache
        self._columns = RunColumnsReader(cache)

    def answer(self, evaluation_id: str, question: RelationQuestion, known: str | None = None) -> RelationRows:
        """Relate the numbers of an evaluation's logs. Raises NotFound and Invalid.

        `known` is the token of the caller's overview: if it is an older one, the newest comes with the rows.
        """
        with self._database.read() as connection:
            evaluation = self._evaluations.read(connection, evaluation_id)
            runs = evaluation.find_runs(question.filter.run_ids)
            conditions = FilterConditions(connection, question.filter, evaluation)
            rows = self._cache.get(
                "relations",
                (evaluation.id, question),
                evaluation.revisions(evaluation.runs),
                lambda: self._read(connection, evaluation, conditions, runs),
            )
            newest = self._overviews.newest(connection, evaluation, known)
            return rows.model_copy(update={"newest": newest})

    def _read(
        self,
        connection: Connection,
        evaluation: EvaluationState,
        conditions: FilterConditions,
        runs: Sequence[Row[Any]],
    ) -> RelationRows:
        import numpy as np

        evaluators = [item for item in evaluation.evaluators if item.row.return_type in ("boolean", "number")]
        if not runs:
            return RelationRows(numbers=[], relations=[], logs=0)
        found = self._columns.read(connection, runs, evaluators)
        lengths, columns = [], []
        for run in runs:
            rows = _lengths(connection, run.id, conditions)
            mask = np.isin(found.numbers[run.id], rows["f0"])
            lengths.append(rows["f1"][np.isin(rows["f0"], found.numbers[run.id])].astype(float))
            columns.append(found.columns[run.id].only(mask))
        numbers = [_measure(NumberRow(measure="length", **_NONE), lengths)]
        numbers += [_measure(NumberRow(measure=it, **_NONE), [run.measures[it] for run in columns]) for it in MEASURES]
        for item in evaluators:
            row = NumberRow(evaluator_version_id=item.version_id, is_boolean=item.row.return_type == "boolean", **_NONE)
            numbers.append(_measure(row, [_judged(run, item.version_id) for run in columns]))
        numbers = [item for item in numbers if not np.isnan(item.values).all()]
        datapoints = np.concatenate([run.datapoints for run in columns])
        datapoints = np.where(datapoints < 0, -1 - np.arange(len(datapoints)), datapoints)
        of_runs = np.repeat(np.arange(len(columns)), [len(run.datapoints) for run in columns])
        return RelationRows(
            numbers=[describe(item.row, item.values[~np.isnan(item.values)]) for item in numbers],
            relations=_relations(numbers, datapoints, of_runs),
            logs=len(datapoints),
        )


def _lengths(connection: Connection, run_id: str, conditions: FilterConditions) -> "NDArray[Any]":
    """The numbers of a run's logs that meet the conditions, in order, and the lengths of their outputs."""
    statement = select(run_logs.c.log_number, run_logs.c.length).where(run_logs.c.run_id == run_id)
    statement = statement.where(*conditions.on_logs()).order_by(run_logs.c.log_number)
    return fetch(connection, statement, ("i8", "i8"))


def _judged(run: RunColumns, version_id: str) -> "NDArray[Any]":
    import numpy as np

    column = run.judgments[version_id]
    return np.where(column.states == JUDGED, column.numbers, np.nan)


def _measure(row: NumberRow, values: Iterable["NDArray[Any]"]) -> LogNumbers:
    import numpy as np

    return LogNumbers(row, np.concatenate(list(values)))


def _relations(numbers: Sequence[LogNumbers], datapoints: "NDArray[Any]", runs: "NDArray[Any]") -> list[RelationRow]:
    """Each judgment with each measure and each other judgment."""
    pairs = [
        (second, first) if numbers[first].row.measure else (first, second)
        for first, second in combinations(range(len(numbers)), 2)
        if not numbers[second].row.measure
    ]
    found = [relate(numbers, first, second, datapoints, runs) for first, second in pairs]
    return [row for row in found if row is not None]
