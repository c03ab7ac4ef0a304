"""Whole answers about an evaluation, cached until its runs, or the texts that the question searches, change."""

from collections.abc import Callable, Hashable
from typing import TypeVar

from sqlalchemy import Connection

from evals_mcp.models.questions import Question
from evals_mcp.models.rows import CurrentRows
from evals_mcp.store.database.database import Database
from evals_mcp.store.questions.evaluation_states import EvaluationState, EvaluationStates
from evals_mcp.store.questions.filter_conditions import FilterConditions, searched_version
from evals_mcp.store.questions.overviews import Overviews
from evals_mcp.store.revision_cache import RevisionCache

Asked = TypeVar("Asked", bound=Question)
Rows = TypeVar("Rows", bound=CurrentRows)
Compute = Callable[[Connection, Asked, EvaluationState, FilterConditions], Rows]
"""Computes the answer to a question in a transaction. Raises Invalid."""


class CachedAnswers:
    """Answers questions, each by a function that computes it."""

    def __init__(
        self, database: Database, evaluations: EvaluationStates, overviews: Overviews, cache: RevisionCache
    ) -> None:
        self._database = database
        self._evaluations = evaluations
        self._overviews = overviews
        self._cache = cache

    def get(
        self,
        kind: str,
        evaluation_id: str,
        question: Asked,
        known: str | None,
        compute: Compute[Asked, Rows],
        also: Callable[[Connection, EvaluationState], Hashable] = lambda *_: None,
    ) -> Rows:
        """The answer of a kind to a question about an evaluation. Raises NotFound and Invalid.

        `known` is the token of the caller's overview: if it is an older one, the newest comes with the rows.
        `also` reads what the answer depends on beside the runs.
        """
        version = searched_version(self._database, question.filter)
        with self._database.read() as connection:
            evaluation = self._evaluations.read(connection, evaluation_id)
            conditions = FilterConditions(connection, question.filter, evaluation, version)
            rows: Rows = self._cache.get(
                kind,
                (evaluation.id, question),
                (conditions.revisions(evaluation.runs), also(connection, evaluation)),
                lambda: compute(connection, question, evaluation, conditions),
            )
            newest = self._overviews.newest(connection, evaluation, known)
            return rows.model_copy(update={"newest": newest})
