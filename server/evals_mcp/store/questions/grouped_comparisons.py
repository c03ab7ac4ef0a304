"""Compare runs in groups of datapoints, by their columns."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from evals_mcp.models.groups import GroupedComparison, GroupedComparisonQuestion
from evals_mcp.statistics.grouped_comparisons import compare_groups
from evals_mcp.statistics.run_comparisons import compare_evaluator
from evals_mcp.store.database.database import Database
from evals_mcp.store.questions.compared_columns import ComparedColumns, check_filter
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationState, EvaluationStates
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.log_groups import LogGroups
from evals_mcp.store.questions.overviews import Overviews
from evals_mcp.store.questions.run_columns import RunsAsColumns
from evals_mcp.store.revision_cache import RevisionCache


class GroupedComparisonQuestions:
    """Answers questions that compare runs in groups. An answer is cached until a run changes."""

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

    def answer(
        self, evaluation_id: str, question: GroupedComparisonQuestion, known: str | None = None
    ) -> GroupedComparison:
        """Answer a question. `known` is as for other questions. Raises NotFound and Invalid."""
        question = question.model_copy(update={"candidate_run_ids": list(dict.fromkeys(question.candidate_run_ids))})
        with self._database.read() as connection:
            evaluation = self._evaluations.read(connection, evaluation_id)
            rows = {
                row.id: row for row in evaluation.find_runs([question.baseline_run_id, *question.candidate_run_ids])
            }
            runs = {id: rows[id] for id in (question.baseline_run_id, *question.candidate_run_ids)}
            answer: GroupedComparison = self._cache.get(
                "grouped comparison",
                (evaluation_id, question),
                evaluation.revisions(evaluation.runs),
                lambda: self._compute(connection, question, evaluation, runs),
            )
            newest = self._overviews.newest(connection, evaluation, known)
            return answer.model_copy(update={"newest": newest})

    def _compute(
        self,
        connection: Connection,
        question: GroupedComparisonQuestion,
        evaluation: EvaluationState,
        runs: dict[str, Row[Any]],
    ) -> GroupedComparison:
        conditions = FilterConditions(connection, question.filter, evaluation)
        check_filter(conditions, len(question.candidate_run_ids))
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
