"""The figures of runs over the logs that meet a filter, in groups if asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from evals_mcp.models.groups import ChosenRunFigures, LogGroup, LogGroupFigures, RunFiguresQuestion
from evals_mcp.statistics.column_figures import column_figures
from evals_mcp.statistics.columns import RunColumns
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.tables import run_logs
from evals_mcp.store.questions.compared_columns import ComparedColumns
from evals_mcp.store.questions.evaluation_states import EvaluationState, EvaluationStates
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.log_groups import LogGroups
from evals_mcp.store.questions.overviews import Overviews
from evals_mcp.store.questions.run_columns import RunsAsColumns
from evals_mcp.store.revision_cache import RevisionCache


class RunFiguresQuestions:
    """Answers questions about figures over some logs. An answer is cached until a run changes."""

    def __init__(
        self,
        database: Database,
        evaluations: EvaluationStates,
        overviews: Overviews,
        cache: RevisionCache,
        columns: ComparedColumns,
    ) -> None:
        self._database = database
        self._evaluations = evaluations
        self._overviews = overviews
        self._cache = cache
        self._columns = columns
        self._groups = LogGroups(cache)

    def answer(self, evaluation_id: str, question: RunFiguresQuestion, known: str | None = None) -> ChosenRunFigures:
        """Answer a question. `known` is as for other questions. Raises NotFound and Invalid."""
        with self._database.read() as connection:
            evaluation = self._evaluations.read(connection, evaluation_id)
            answer: ChosenRunFigures = self._cache.get(
                "run figures",
                (evaluation_id, question),
                evaluation.revisions(evaluation.runs),
                lambda: self._compute(connection, question, evaluation),
            )
            newest = self._overviews.newest(connection, evaluation, known)
            return answer.model_copy(update={"newest": newest})

    def _compute(
        self, connection: Connection, question: RunFiguresQuestion, evaluation: EvaluationState
    ) -> ChosenRunFigures:
        import numpy as np

        conditions = FilterConditions(connection, question.filter, evaluation)
        runs = evaluation.find_runs(question.filter.run_ids)[::-1]
        found = self._columns.whole(connection, runs, evaluation.evaluators)
        if conditions.names:
            found = _only(found, _filtered(connection, conditions, runs))
        if question.group_by is None or not runs:
            return ChosenRunFigures(
                groups=[LogGroup(runs=[_figures(evaluation, id, run) for id, run in found.columns.items()])]
            )
        groups = self._groups.read(connection, question.group_by, evaluation, runs, found)
        ends = np.cumsum([len(found.columns[run.id].datapoints) for run in runs])
        of_runs = dict(zip([run.id for run in runs], np.split(groups.indexes, ends[:-1]), strict=True))
        return ChosenRunFigures(
            groups=[
                LogGroup(
                    name=name,
                    runs=[
                        _figures(evaluation, run.id, found.columns[run.id].only(of_runs[run.id] == index))
                        for run in runs
                    ],
                )
                for index, name in enumerate(groups.names)
            ]
        )


def _filtered(connection: Connection, conditions: FilterConditions, runs: Sequence[Row[Any]]) -> dict[str, list[int]]:
    """The numbers of the logs that meet the filter, by run."""
    numbers: dict[str, list[int]] = {run.id: [] for run in runs}
    statement = select(run_logs.c.run_id, run_logs.c.log_number)
    statement = statement.where(run_logs.c.run_id.in_(list(numbers)), *conditions.on_logs())
    for run_id, number in connection.execute(statement):
        numbers[run_id].append(number)
    return numbers


def _only(found: RunsAsColumns, numbers: Mapping[str, list[int]]) -> RunsAsColumns:
    """The columns of these logs only."""
    import numpy as np

    masks = {run_id: np.isin(of_run, numbers[run_id]) for run_id, of_run in found.numbers.items()}
    return found._replace(
        columns={run_id: run.only(masks[run_id]) for run_id, run in found.columns.items()},
        numbers={run_id: of_run[masks[run_id]] for run_id, of_run in found.numbers.items()},
    )


def _figures(evaluation: EvaluationState, run_id: str, run: RunColumns) -> LogGroupFigures:
    import numpy as np

    return LogGroupFigures(
        run_id=run_id,
        logs_count=len(run.datapoints),
        failed_logs=int(run.failed.sum()),
        datapoints_count=len(np.unique(run.datapoints[run.datapoints >= 0])),
        stats=[column_figures(item.row, run, shared=item.attachment.is_shared) for item in evaluation.evaluators],
    )
