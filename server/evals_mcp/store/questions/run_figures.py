"""The figures of runs over the logs that meet a filter, in groups if asked."""

from sqlalchemy import Connection

from evals_mcp.models.groups import ChosenRunFigures, LogGroup, LogGroupFigures, RunFiguresQuestion
from evals_mcp.statistics.column_figures import column_figures
from evals_mcp.statistics.columns import RunColumns
from evals_mcp.store.questions.cached_answers import CachedAnswers
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.filtered_columns import FilteredColumns
from evals_mcp.store.questions.log_groups import LogGroups


class RunFiguresQuestions:
    """Answers questions about figures over some logs."""

    def __init__(self, answers: CachedAnswers, columns: FilteredColumns, groups: LogGroups) -> None:
        self._answers = answers
        self._columns = columns
        self._groups = groups

    def answer(self, evaluation_id: str, question: RunFiguresQuestion, known: str | None = None) -> ChosenRunFigures:
        """Answer a question. `known` is as for `CachedAnswers`. Raises NotFound and Invalid."""
        return self._answers.get("run figures", evaluation_id, question, known, self._compute)

    def _compute(
        self,
        connection: Connection,
        question: RunFiguresQuestion,
        evaluation: EvaluationState,
        conditions: FilterConditions,
    ) -> ChosenRunFigures:
        import numpy as np

        runs = evaluation.find_runs(question.filter.run_ids)[::-1]
        found = self._columns.of_logs(connection, conditions, runs, evaluation.evaluators)
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


def _figures(evaluation: EvaluationState, run_id: str, run: RunColumns) -> LogGroupFigures:
    import numpy as np

    return LogGroupFigures(
        run_id=run_id,
        logs_count=len(run.datapoints),
        failed_logs=int(run.failed.sum()),
        datapoints_count=len(np.unique(run.datapoints[run.datapoints >= 0])),
        stats=[column_figures(item.row, run, shared=item.attachment.is_shared) for item in evaluation.evaluators],
    )
