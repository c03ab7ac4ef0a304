"""Tell how evaluators and authors agree on the logs that they judged."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from evals_mcp.models.agreement import AgreementRows, EvenLabels
from evals_mcp.models.questions import AgreementQuestion, ClusterField
from evals_mcp.statistics.agreement_rows import RatedEvaluator, agreement_rows
from evals_mcp.statistics.clustered import distinct
from evals_mcp.store.questions.cached_answers import CachedAnswers
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.even_samples import read_even_sample, sample_revision
from evals_mcp.store.questions.field_columns import NO_VALUE, FieldColumns
from evals_mcp.store.questions.fields import dataset_versions
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.questions.ratings import RatingsReader
from evals_mcp.store.revision_cache import RevisionCache

if TYPE_CHECKING:
    from numpy.typing import NDArray


class AgreementQuestions:
    """Answers questions on agreement."""

    def __init__(self, answers: CachedAnswers, cache: RevisionCache) -> None:
        self._answers = answers
        self._cache = cache
        self._fields = FieldColumns(cache)

    def answer(self, evaluation_id: str, question: AgreementQuestion, known: str | None = None) -> AgreementRows:
        """Compare the evaluators of an evaluation. `known` is as for `CachedAnswers`. Raises NotFound and Invalid."""
        return self._answers.get("agreement", evaluation_id, question, known, self._compute, sample_revision)

    def _compute(
        self,
        connection: Connection,
        question: AgreementQuestion,
        evaluation: EvaluationState,
        conditions: FilterConditions,
    ) -> AgreementRows:
        runs = evaluation.find_runs(question.filter.run_ids)[::-1]
        reader = RatingsReader(connection, conditions, runs)
        rated = [item for evaluator in evaluation.evaluators for item in reader.read(evaluator)] if runs else []
        rated, even = self._even(connection, evaluation, rated)
        if question.cluster is not None and rated:
            clusters = self._clusters(connection, question.cluster, evaluation, reader.datapoint_ids)
            rated = [replace(item, ratings=item.ratings.clustered(clusters)) for item in rated]
        found = agreement_rows(rated, reader.authors, reader.options, [run.id for run in runs], even)
        cluster = question.cluster
        return found if cluster is None else found.model_copy(update={"cluster": cluster.key or cluster.part})

    def _even(
        self, connection: Connection, evaluation: EvaluationState, rated: list[RatedEvaluator]
    ) -> tuple[list[RatedEvaluator], list[EvenLabels]]:
        """The evaluators with the labels of people that figures use, and how many these are."""
        sample = read_even_sample(connection, self._cache, evaluation)
        if sample is None:
            return rated, []
        found, even = [], []
        for item in rated:
            used = sample.labels(item.ratings.logs) if item.row.evaluator_type == "human" else None
            if used is not None:
                logs, ratings = distinct(item.ratings.logs), item.ratings.only(used)
                amount = distinct(ratings.logs)
                ids = {"evaluator_version_id": item.attached_version_id, "judged_version_id": item.row.version_id}
                even.append(EvenLabels(**ids, logs=amount, left_out=logs - amount))
                item = replace(item, ratings=ratings)
            found.append(item)
        return found, even

    def _clusters(
        self,
        connection: Connection,
        cluster: ClusterField,
        evaluation: EvaluationState,
        datapoint_ids: Sequence[str],
    ) -> "NDArray[Any]":
        """The value of the field of each datapoint as a code. Datapoints without one are clusters of their own."""
        import numpy as np

        versions = dataset_versions(evaluation)
        column = self._fields.of_datapoints(connection, versions, cluster.part, cluster.key, datapoint_ids)
        own = len(column.labels) + np.arange(len(column.codes) + 1)
        return np.append(np.where(column.codes == NO_VALUE, own[:-1], column.codes), own[-1])
