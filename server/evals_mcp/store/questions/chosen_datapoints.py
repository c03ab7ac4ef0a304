"""The datapoints of a question, chosen by a filter and by judgments, as positions in a dataset version."""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from evals_mcp.models.questions import DatapointQuestion, Filter
from evals_mcp.statistics.agreement import JudgmentReading
from evals_mcp.store.database.tables import datapoints
from evals_mcp.store.questions.datapoint_choices import Choice, ReadEvaluator, chosen_positions
from evals_mcp.store.questions.dataset_order import ordered_datapoints
from evals_mcp.store.questions.evaluation_states import EvaluationState
from evals_mcp.store.questions.filter_conditions import FilterConditions
from evals_mcp.store.revision_cache import RevisionCache


class ChosenDatapoints:
    """Chooses datapoints. This reads all judgments or all texts, so results are cached."""

    def __init__(self, cache: RevisionCache) -> None:
        self._cache = cache

    def positions(
        self,
        connection: Connection,
        question: DatapointQuestion,
        evaluation: EvaluationState,
        runs: Sequence[Row[Any]],
        conditions: FilterConditions,
    ) -> Sequence[int]:
        """Positions in the order of the datapoints. Raises NotFound for an evaluator that is not attached."""
        # A dataset version never changes, so its content depends on no revision.
        revisions = evaluation.revisions(runs)
        filtered = self._cache.get(
            "filtered datapoints",
            (*question.dataset_version_ids, question.filter),
            conditions.revisions(runs) if conditions.depends_on_runs else None,
            lambda: _filtered_positions(connection, question, runs, conditions),
        )
        if question.show == "all":
            return filtered
        evaluators = [
            ReadEvaluator(item.attachment, JudgmentReading(scale, item.row))
            for scale in question.scales
            for item in evaluation.find_evaluators([scale.evaluator_version_id])
        ]
        choice = Choice(question.dataset_version_ids, runs, evaluators, question.evaluator_version_id)
        by_judgments: Sequence[int] = self._cache.get(
            "datapoints by judgments",
            question.without_page().model_copy(update={"filter": Filter(run_ids=question.filter.run_ids)}),
            revisions,
            lambda: array("q", chosen_positions(connection, question.show, choice)),
        )
        if not conditions.names:
            return by_judgments
        wanted = set(filtered)
        return [position for position in by_judgments if position in wanted]


def find_offset(connection: Connection, question: DatapointQuestion, positions: Sequence[int]) -> int:
    """How many of the chosen datapoints are before the page."""
    if question.following is None:
        return question.offset
    listed = ordered_datapoints(question.dataset_version_ids)
    following = select(listed.c.position).where(listed.c.datapoint_id == question.following)
    last = connection.execute(following).scalar()
    return question.offset if last is None else bisect_right(positions, last)


def read_page(connection: Connection, question: DatapointQuestion, positions: Sequence[int]) -> Sequence[Any]:
    """Id and content of the datapoints on a question's page."""
    listed = ordered_datapoints(question.dataset_version_ids)
    return connection.execute(
        select(datapoints.c.id, datapoints.c.content)
        .join(listed, listed.c.datapoint_id == datapoints.c.id)
        .where(listed.c.position.in_(list(positions[question.offset : question.offset + question.limit])))
        .order_by(listed.c.position)
    ).all()


def _filtered_positions(
    connection: Connection, question: DatapointQuestion, runs: Sequence[Row[Any]], conditions: FilterConditions
) -> Sequence[int]:
    """The positions of the datapoints that meet the filter."""
    listed = ordered_datapoints(question.dataset_version_ids)
    statement = select(listed.c.position)
    if conditions.names:
        statement = statement.join(datapoints, datapoints.c.id == listed.c.datapoint_id)
        statement = statement.where(*conditions.on_datapoints())
    run_ids = {"run_ids": [run.id for run in runs]} if conditions.reads_logs else {}
    return array("q", connection.execute(statement.order_by(listed.c.position), run_ids).scalars())
