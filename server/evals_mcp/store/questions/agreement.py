"""Tell how evaluators and authors agree on the logs that they judged."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from evals_mcp.models.agreement import AgreementRows
from evals_mcp.models.questions import AgreementQuestion
from evals_mcp.statistics.agreement_rows import agreement_rows
from evals_mcp.store.database.database import Database
from evals_mcp.store.questions.evaluation_states import EvaluationState, EvaluationStates
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.overviews import Overviews
from evals_mcp.store.questions.ratings import RatingsReader
from evals_mcp.store.revision_cache import RevisionCache


class AgreementQuestions:
    """Answers questions on agreement."""

    def __init__(
        self, database: Database, evaluations: EvaluationStates, overviews: Overviews, cache: RevisionCache
    ) -> None:
        self._database = database
        self._evaluations = evaluations
        self._overviews = overviews
        self._cache = cache

    def answer(self, evaluation_id: str, question: AgreementQuestion, known: str | None = None) -> AgreementRows:
        """Compare the evaluators of an evaluation. Raises NotFound and Invalid.

        `known` is the token of the caller's overview: if it is an older one, the newest comes with the rows.
        """
        with self._database.read() as connection:
            evaluation = self._evaluations.read(connection, evaluation_id)
            runs = evaluation.find_runs(question.filter.run_ids)[::-1]
            conditions = FilterConditions(connection, question.filter, evaluation)
            rows = self._cache.get(
                "agreement",
                (evaluation.id, question),
                evaluation.revisions(evaluation.runs),
                lambda: _read(connection, evaluation, conditions, runs),
            )
            newest = self._overviews.newest(connection, evaluation, known)
            return rows.model_copy(update={"newest": newest})


def _read(
    connection: Connection, evaluation: EvaluationState, conditions: FilterConditions, runs: Sequence[Row[Any]]
) -> AgreementRows:
    reader = RatingsReader(connection, conditions, runs)
    rated = [item for evaluator in evaluation.evaluators for item in reader.read(evaluator)] if runs else []
    return agreement_rows(rated, reader.authors, reader.options, [run.id for run in runs])
