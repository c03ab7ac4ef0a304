"""Rank runs by each evaluator that has a direction, and models by each pairwise judge."""

from sqlalchemy import Connection

from evals_mcp.models.model_ratings import ModelRatings
from evals_mcp.models.questions import RankingQuestion
from evals_mcp.models.rankings import Ranking, RankingRows
from evals_mcp.statistics.rankings import rank_runs
from evals_mcp.store.questions.cached_answers import CachedAnswers
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.filtered_columns import FilteredColumns
from evals_mcp.store.questions.model_ratings import ModelRater, names_sides
from evals_mcp.store.revision_cache import RevisionCache

_MOST_PAIRS = 300
"""Pairs of runs that are tested, after which no further evaluator is asked for: a test of numbers takes 50 ms."""


class RankingQuestions:
    """Answers questions on ranks."""

    def __init__(self, answers: CachedAnswers, columns: FilteredColumns, cache: RevisionCache) -> None:
        self._answers = answers
        self._columns = columns
        self._rater = ModelRater(cache)

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
        if not runs:
            return RankingRows(rankings=[], ratings=[], undirected=[], unnamed=[], waiting=[], logs=0)
        found = self._columns.of_logs(connection, conditions, runs, evaluators)
        rankings: list[Ranking] = []
        ratings: list[ModelRatings] = []
        undirected, unnamed, waiting = [], [], []
        sides = self._rater.find_sides(connection, evaluation)
        for evaluator in evaluators:
            rated = None
            if sides is not None and evaluator.row.return_type == "select":
                rated = self._rater.rate(connection, evaluation, evaluator, sides, found)
            if rated is not None:
                ratings.append(rated)
            elif names_sides(evaluator):
                unnamed.append(evaluator.version_id)
            if sum(len(ranking.pairs) for ranking in rankings) >= _MOST_PAIRS:
                waiting.append(evaluator.version_id)
            elif (ranking := rank_runs(evaluator.row, found.columns)) is not None:
                rankings.append(ranking)
            elif rated is None and not names_sides(evaluator):
                undirected.append(evaluator.version_id)
        return RankingRows(
            rankings=rankings,
            ratings=ratings,
            undirected=undirected,
            unnamed=unnamed,
            waiting=waiting,
            logs=sum(len(run.datapoints) for run in found.columns.values()),
        )
