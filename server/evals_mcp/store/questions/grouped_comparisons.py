"""Compare runs in groups of datapoints, by their columns."""

from collections.abc import Sequence

from sqlalchemy import Connection

from evals_mcp.models.groups import GroupedComparison, GroupedComparisonQuestion
from evals_mcp.statistics.grouped_comparisons import compare_groups
from evals_mcp.statistics.run_comparisons import compare_evaluator
from evals_mcp.store.questions.cached_answers import CachedAnswers
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationState
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.filtered_columns import FilteredColumns, check_filter
from evals_mcp.store.questions.log_groups import LogGroups
from evals_mcp.store.questions.run_columns import RunsAsColumns


class GroupedComparisonQuestions:
    """Answers questions that compare runs in groups."""

    def __init__(self, answers: CachedAnswers, columns: FilteredColumns, groups: LogGroups) -> None:
        self._answers = answers
        self._columns = columns
        self._groups = groups

    def answer(
        self, evaluation_id: str, question: GroupedComparisonQuestion, known: str | None = None
    ) -> GroupedComparison:
        """Answer a question. `known` is as for `CachedAnswers`. Raises NotFound and Invalid."""
        question = question.model_copy(update={"candidate_run_ids": list(dict.fromkeys(question.candidate_run_ids))})
        return self._answers.get("grouped comparison", evaluation_id, question, known, self._compute)

    def _compute(
        self,
        connection: Connection,
        question: GroupedComparisonQuestion,
        evaluation: EvaluationState,
        conditions: FilterConditions,
    ) -> GroupedComparison:
        check_filter(conditions, len(question.candidate_run_ids))
        run_ids = [question.baseline_run_id, *question.candidate_run_ids]
        rows = {row.id: row for row in evaluation.find_runs(run_ids)}
        runs = {run_id: rows[run_id] for run_id in run_ids}
        asked = evaluation.find_evaluators(question.evaluator_version_ids)
        by = question.group_by.evaluator_version_id
        version_ids = [item.version_id for item in asked or evaluation.evaluators] + ([by] if by else [])
        read = evaluation.find_evaluators(version_ids)
        found = self._columns.read(connection, conditions, runs, read, evaluation, question.missing)
        evaluators = asked or _first_informative(evaluation.evaluators, question, found)
        baseline = runs[question.baseline_run_id]
        groups = self._groups.read(connection, question.group_by, evaluation, [baseline], found)
        keys = found.columns[baseline.id].datapoints
        paired = keys >= 0
        return compare_groups(
            [item.row for item in evaluators],
            found.columns[baseline.id],
            {run_id: found.columns[run_id] for run_id in question.candidate_run_ids},
            keys[paired],
            groups._replace(indexes=groups.indexes[paired]),
        )


def _first_informative(
    evaluators: Sequence[AttachedEvaluator], question: GroupedComparisonQuestion, found: RunsAsColumns
) -> Sequence[AttachedEvaluator]:
    """The first evaluator with a direction that changed from the baseline to a candidate, else the first that did."""
    baseline = found.columns[question.baseline_run_id]
    candidates = [found.columns[run_id] for run_id in question.candidate_run_ids]
    directed_first = sorted(evaluators, key=lambda item: not item.row.is_directed)
    for item in directed_first:
        if any(compare_evaluator(item.row, baseline, candidate).changed for candidate in candidates):
            return [item]
    return directed_first[:1]
