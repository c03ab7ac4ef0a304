"""Describe datapoints with several logs in a run."""

from sqlalchemy import Connection

from evals_mcp.models.questions import RepeatQuestion
from evals_mcp.models.repeats import RepeatRows
from evals_mcp.statistics.repeats import repeat_rows, run_repeats
from evals_mcp.store.questions.cached_answers import CachedAnswers
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.filtered_columns import FilteredColumns


class RepeatQuestions:
    """Answers questions on repeated logs."""

    def __init__(self, answers: CachedAnswers, columns: FilteredColumns) -> None:
        self._answers = answers
        self._columns = columns

    def answer(self, evaluation_id: str, question: RepeatQuestion, known: str | None = None) -> RepeatRows:
        """Describe repeated logs. `known` is as for `CachedAnswers`. Raises NotFound and Invalid."""
        return self._answers.get("repeats", evaluation_id, question, known, self._compute)

    def _compute(
        self,
        connection: Connection,
        question: RepeatQuestion,
        evaluation: EvaluationState,
        conditions: FilterConditions,
    ) -> RepeatRows:
        runs = evaluation.find_runs(question.filter.run_ids)[::-1]
        asked = question.evaluator_version_id
        evaluators = evaluation.evaluators if asked is None else evaluation.find_evaluators([asked])
        found = self._columns.of_logs(connection, conditions, runs, evaluators).columns if runs else {}
        return RepeatRows(
            runs=[run_repeats(run_id, run) for run_id, run in found.items()],
            rows=[
                row
                for evaluator in evaluators
                for run_id, run in found.items()
                for row in repeat_rows(evaluator.row, run_id, run)
            ],
            logs=sum(len(run.datapoints) for run in found.values()),
        )
