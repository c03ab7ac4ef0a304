"""Rank runs by each evaluator that has a direction."""

from sqlalchemy import Connection

from evals_mcp.models.questions import RankingQuestion
from evals_mcp.models.rankings import Ranking, RankingRows
from evals_mcp.statistics.rankings import rank_runs
from evals_mcp.store.questions.cached_answers import CachedAnswers
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.filtered_columns import FilteredColumns

_MOST_PAIRS = 500
"""Pairs of runs that are tested, after which no further evaluator is asked for: a test of numbers takes 50 ms."""


class RankingQuestions:
    """Answers questions on ranks."""

    def __init__(self, answers: CachedAnswers, columns: FilteredColumns) -> None:
        self._answers = answers
        self._columns = columns

    def answer(self, evaluation_id: str, question: RankingQuestion, known: str | None = None) -> RankingRows:
        """Rank runs. `known` is as for `CachedAnswers`. Raises NotFound and Invalid."""
        return self._answers.get("ranking", evaluation_id, question, known, self._compute)

    def _compute(
        self,
        connection: Connection,
        question: RankingQuestion,
        evaluation: EvaluationState,
        conditions: FilterConditions,
    ) -> RankingRows:
        runs = evaluation.find_runs(question.filter.run_ids)[::-1]
        asked = question.evaluator_version_id
        evaluators = evaluation.evaluators if asked is None else evaluation.find_evaluators([asked])
        found = self._columns.of_logs(connection, conditions, runs, evaluators).columns if runs else {}
        rankings: list[Ranking] = []
        undirected, waiting = [], []
        for evaluator in evaluators:
            if sum(len(ranking.pairs) for ranking in rankings) >= _MOST_PAIRS:
                waiting.append(evaluator.version_id)
            elif (ranking := rank_runs(evaluator.row, found)) is None:
                undirected.append(evaluator.version_id)
            else:
                rankings.append(ranking)
        logs = sum(len(run.datapoints) for run in found.values())
        return RankingRows(rankings=rankings, undirected=undirected, waiting=waiting, logs=logs)
