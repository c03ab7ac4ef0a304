"""Tell how judgments relate to each other and to the measures of logs."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from evals_mcp.models.judgments import JUDGED
from evals_mcp.models.questions import RelationQuestion
from evals_mcp.models.relations import NumberRow, RelationRow, RelationRows
from evals_mcp.statistics.columns import LENGTH, MEASURES, RunColumns
from evals_mcp.statistics.relations import LogNumbers, describe, relate
from evals_mcp.store.questions.cached_answers import CachedAnswers
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.filtered_columns import FilteredColumns
from evals_mcp.store.questions.turns import read_turns

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MEASURES = (LENGTH, *MEASURES)
_NONE = {"logs": 0, "mean": 0.0, "quantiles": [], "bars": []}


class RelationQuestions:
    """Answers questions on relations."""

    def __init__(self, answers: CachedAnswers, columns: FilteredColumns) -> None:
        self._answers = answers
        self._columns = columns

    def answer(self, evaluation_id: str, question: RelationQuestion, known: str | None = None) -> RelationRows:
        """Relate the numbers of logs. `known` is as for `CachedAnswers`. Raises NotFound and Invalid."""
        return self._answers.get("relations", evaluation_id, question, known, self._compute)

    def _compute(
        self,
        connection: Connection,
        question: RelationQuestion,
        evaluation: EvaluationState,
        conditions: FilterConditions,
    ) -> RelationRows:
        import numpy as np

        runs = evaluation.find_runs(question.filter.run_ids)
        evaluators = [item for item in evaluation.evaluators if item.row.return_type in ("boolean", "number")]
        if not runs:
            return RelationRows(numbers=[], relations=[], logs=0)
        found = self._columns.of_logs(connection, conditions, runs, evaluators)
        columns = list(found.columns.values())
        numbers = [_measure(NumberRow(measure=it, **_NONE), [run.measures[it] for run in columns]) for it in _MEASURES]
        turns = _measure(NumberRow(measure="turns", **_NONE), read_turns(connection, found))
        numbers += [turns] if np.unique(turns.values[~np.isnan(turns.values)]).size > 1 else []
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
