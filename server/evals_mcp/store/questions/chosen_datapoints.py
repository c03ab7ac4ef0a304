"""The datapoints that a question chooses, by judgments or by a text, kept until one of the runs changes."""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Row, select

from evals_mcp.errors import NotFound
from evals_mcp.models.review import DatapointQuestion, EvaluatorRow
from evals_mcp.statistics.choices import Rule, read_rule
from evals_mcp.store.database.tables import datapoints, dataset_datapoints
from evals_mcp.store.database.text_search import contains_text
from evals_mcp.store.evaluations.run_status import Attachment
from evals_mcp.store.questions.datapoint_choices import Asked, chosen_positions


class ChosenDatapoints:
    """Remembers which datapoints the last questions chose: choosing reads all judgments of the runs, or all texts."""

    def __init__(self, kept: int = 32) -> None:
        self._most = kept
        self._kept: OrderedDict[Any, Sequence[int]] = OrderedDict()
        self._lock = Lock()

    def positions(
        self,
        connection: Connection,
        question: DatapointQuestion,
        runs: Sequence[Row[Any]],
        attachments: Sequence[Attachment],
        evaluators: Sequence[EvaluatorRow],
    ) -> Sequence[int]:
        """Positions in the dataset version, in order. Raises NotFound for a judge that is not attached."""
        if question.show == "all":
            return self._holding(connection, question)
        judges = _judges(question, attachments, evaluators)
        found = self._by_judgments(connection, question, Asked(question.dataset_version_id, runs, judges))
        if not question.text:
            return found
        holding = set(self._holding(connection, question))
        return [position for position in found if position in holding]

    def _by_judgments(self, connection: Connection, question: DatapointQuestion, asked: Asked) -> Sequence[int]:
        runs = tuple((run.id, run.revision) for run in asked.runs)
        judges = tuple((item.evaluator_version_id, item.sole, repr(rule)) for item, rule in asked.judges)
        key = (asked.dataset_version_id, question.show, runs, judges)
        return self._remember(key, lambda: chosen_positions(connection, question.show, asked))

    def _holding(self, connection: Connection, question: DatapointQuestion) -> Sequence[int]:
        # A version of a dataset never changes.
        key = (question.dataset_version_id, question.text)
        return self._remember(key, lambda: _read_holding(connection, question))

    def _remember(self, key: Any, choose: Callable[[], list[int]]) -> Sequence[int]:
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return kept
        found = array("i", choose())
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return found


def read_chosen(connection: Connection, question: DatapointQuestion, positions: Sequence[int]) -> Sequence[Any]:
    """Id and content of the datapoints on a question's page of these positions."""
    place = dataset_datapoints.c
    return connection.execute(
        select(datapoints.c.id, datapoints.c.content)
        .join(dataset_datapoints, place.datapoint_id == datapoints.c.id)
        .where(
            place.version_id == question.dataset_version_id,
            place.position.in_(list(positions[question.offset : question.offset + question.limit])),
        )
        .order_by(place.position)
    ).all()


def _read_holding(connection: Connection, question: DatapointQuestion) -> list[int]:
    """The positions of datapoints whose texts contain the question's, or of all without one."""
    place = dataset_datapoints.c
    statement = select(place.position).where(place.version_id == question.dataset_version_id).order_by(place.position)
    if question.text:
        statement = statement.join(datapoints, datapoints.c.id == place.datapoint_id)
        statement = statement.where(contains_text(connection, question.text, (), (datapoints.c.content,)))
    return list(connection.execute(statement).scalars())


def _judges(
    question: DatapointQuestion, attachments: Sequence[Attachment], evaluators: Sequence[EvaluatorRow]
) -> list[tuple[Attachment, Rule]]:
    attached = {row.version_id: (item, row) for item, row in zip(attachments, evaluators, strict=True)}
    judges = []
    for judge in question.judges:
        if judge.evaluator_version_id not in attached:
            raise NotFound(f"The evaluation has no evaluator version `{judge.evaluator_version_id}`.")
        item, row = attached[judge.evaluator_version_id]
        judges.append((item, read_rule(judge, row)))
    return judges
