"""Tell how evaluators and authors agree on the logs that they judged."""

from sqlalchemy import Connection

from evals_mcp.models.agreement import AgreementRows
from evals_mcp.models.questions import AgreementQuestion
from evals_mcp.statistics.agreement_rows import agreement_rows
from evals_mcp.store.questions.cached_answers import CachedAnswers
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.ratings import RatingsReader


class AgreementQuestions:
    """Answers questions on agreement."""

    def __init__(self, answers: CachedAnswers) -> None:
        self._answers = answers

    def answer(self, evaluation_id: str, question: AgreementQuestion, known: str | None = None) -> AgreementRows:
        """Compare the evaluators of an evaluation. `known` is as for `CachedAnswers`. Raises NotFound and Invalid."""
        return self._answers.get("agreement", evaluation_id, question, known, _compute)


def _compute(
    connection: Connection, question: AgreementQuestion, evaluation: EvaluationState, conditions: FilterConditions
) -> AgreementRows:
    runs = evaluation.find_runs(question.filter.run_ids)[::-1]
    reader = RatingsReader(connection, conditions, runs)
    rated = [item for evaluator in evaluation.evaluators for item in reader.read(evaluator)] if runs else []
    return agreement_rows(rated, reader.authors, reader.options, [run.id for run in runs])
