"""Datapoints for reviews: a page of a dataset version with the logs and judgments of chosen runs."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from evals_mcp.errors import NotFound
from evals_mcp.models.review import DatapointLog, DatapointQuestion, DatapointRow, DatapointRows
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.tables import datapoints, dataset_datapoints, judgments, logs, run_logs, versions
from evals_mcp.store.evaluations.run_status import Attachment
from evals_mcp.store.logs.judgments import ABSTAINED, FAILED, JUDGED, judgment_value
from evals_mcp.store.questions.chosen_datapoints import ChosenDatapoints, read_chosen
from evals_mcp.store.questions.evaluation_states import ReviewedEvaluations
from evals_mcp.truncation import cut_texts, find_excerpt


class _Place(NamedTuple):
    run_id: str
    log_number: int
    log_id: str
    datapoint_id: str
    failed: bool


class _Evaluator(NamedTuple):
    place: int
    attachment: Attachment
    return_type: str


_LETTERS = {JUDGED: "j", ABSTAINED: "a", FAILED: "f"}


class ReviewDatapoints:
    """Datapoints as a reviewer compares runs by them."""

    def __init__(self, database: Database, reviewed: ReviewedEvaluations) -> None:
        self._database = database
        self._reviewed = reviewed
        self._chosen = ChosenDatapoints()

    def get(self, evaluation_id: str, question: DatapointQuestion, known: str | None = None) -> DatapointRows:
        """The datapoints that a question asks for, in the dataset's order.

        Raises NotFound, and Outdated unless `known`, if given, is the token of the evaluation's overview.
        """
        with self._database.read() as connection:
            reviewed = self._reviewed.read(connection, evaluation_id, known)
            run_rows = reviewed.find_runs(question.run_ids)
            total = connection.execute(_COUNT, {"version_id": question.dataset_version_id}).scalar()
            if total is None:
                raise NotFound(f"Dataset version `{question.dataset_version_id}` does not exist.")
            attached = zip(reviewed.attachments, reviewed.evaluators, strict=True)
            evaluators = [_Evaluator(place, item, row.return_type) for place, (item, row) in enumerate(attached)]
            if question.show == "all" and not question.text:
                found = _page(connection, question.dataset_version_id, question.offset, question.limit)
            else:
                attachments, rows = reviewed.attachments, reviewed.evaluators
                positions = self._chosen.positions(connection, question, run_rows, attachments, rows)
                found, total = read_chosen(connection, question, positions), len(positions)
            logs_of = _logs(connection, question.run_ids, [row.id for row in found], evaluators)
            return DatapointRows(
                rows=[_row(row, logs_of.get(row.id, []), question.characters, question.text) for row in found],
                total=total,
            )


_COUNT = select(versions.c.datapoints_count).where(versions.c.id == bindparam("version_id"))
_PAGE = (
    select(datapoints.c.id, datapoints.c.content)
    .join(dataset_datapoints, dataset_datapoints.c.datapoint_id == datapoints.c.id)
    .where(
        dataset_datapoints.c.version_id == bindparam("version_id"),
        dataset_datapoints.c.position >= bindparam("first"),
        dataset_datapoints.c.position < bindparam("end"),
    )
    .order_by(dataset_datapoints.c.position)
)
_LOGS = (
    select(run_logs.c.run_id, run_logs.c.log_number, logs.c.id, run_logs.c.datapoint_id, run_logs.c.failed)
    .join(logs, logs.c.number == run_logs.c.log_number)
    .where(
        run_logs.c.run_id.in_(bindparam("run_ids", expanding=True)),
        run_logs.c.datapoint_id.in_(bindparam("datapoint_ids", expanding=True)),
    )
    # As the index has them, which makes SQLite use it.
    .order_by(run_logs.c.run_id, run_logs.c.datapoint_id, run_logs.c.log_number)
)
_JUDGMENTS = select(
    judgments.c.log_number, judgments.c.evaluator_id, judgments.c.state, judgments.c.number, judgments.c.label
).where(judgments.c.log_number.in_(bindparam("numbers", expanding=True)))
_LATEST = _JUDGMENTS.where(judgments.c.latest.is_(True))
_OF_VERSION = _JUDGMENTS.where(judgments.c.evaluator_version_id == bindparam("version_id"))


def _page(connection: Connection, version_id: str, offset: int, limit: int) -> Sequence[Any]:
    return connection.execute(_PAGE, {"version_id": version_id, "first": offset, "end": offset + limit}).all()


def _logs(
    connection: Connection, run_ids: Sequence[str], datapoint_ids: Sequence[str], evaluators: Sequence[_Evaluator]
) -> dict[str, list[DatapointLog]]:
    """The logs of datapoints in runs, by datapoint: in the order of the runs, then the oldest first."""
    rows = connection.execute(_LOGS, {"run_ids": list(run_ids), "datapoint_ids": list(datapoint_ids)}).all()
    order = {run_id: place for place, run_id in enumerate(run_ids)}
    places = sorted((_Place(*row) for row in rows), key=lambda place: order[place.run_id])
    judged = _judged(connection, places, evaluators)
    found: dict[str, list[DatapointLog]] = {}
    for place in places:
        states, values = judged.get(place.log_number) or _none_judged(len(evaluators))
        found.setdefault(place.datapoint_id, []).append(
            DatapointLog(place.log_id, place.run_id, place.failed, "".join(states), values)
        )
    return found


def _judged(
    connection: Connection, places: Sequence[_Place], evaluators: Sequence[_Evaluator]
) -> dict[int, tuple[list[str], list[Any]]]:
    """State letters and judgments by log number, in the order of the evaluators; they are the same in every run."""
    numbers = {"numbers": list({place.log_number for place in places})}
    found: dict[int, tuple[list[str], list[Any]]] = {}
    sole = {item.attachment.evaluator_id: item for item in evaluators if item.attachment.sole}
    _fill(found, connection.execute(_LATEST, numbers).all(), sole, len(evaluators))
    for item in evaluators:
        if not item.attachment.sole:
            version = {"version_id": item.attachment.evaluator_version_id}
            rows = connection.execute(_OF_VERSION, {**numbers, **version}).all()
            _fill(found, rows, {item.attachment.evaluator_id: item}, len(evaluators))
    return found


def _fill(
    found: dict[int, tuple[list[str], list[Any]]],
    rows: Sequence[Any],
    evaluators: Mapping[str, _Evaluator],
    amount: int,
) -> None:
    # Unpacked, because there are many rows and naming each column costs more than the query.
    for log_number, evaluator_id, state, number, label in rows:
        item = evaluators.get(evaluator_id)
        if item is None:
            continue
        if log_number not in found:
            found[log_number] = _none_judged(amount)
        states, values = found[log_number]
        states[item.place] = _LETTERS[state]
        if state == JUDGED:
            values[item.place] = judgment_value(number, label, item.return_type)


def _none_judged(amount: int) -> tuple[list[str], list[Any]]:
    return ["m"] * amount, [None] * amount


def _row(row: Any, logs_of_datapoint: list[DatapointLog], characters: int, searched: str | None) -> DatapointRow:
    content = {name: row.content.get(name) for name in ("inputs", "messages", "target")}
    cut, lengths = cut_texts(content, characters)
    return DatapointRow(
        id=row.id,
        inputs=cut["inputs"] or {},
        messages=cut["messages"] or [],
        target=cut["target"],
        lengths=lengths,
        excerpt=find_excerpt(list(content.values()), searched) if searched else None,
        logs=logs_of_datapoint,
    )
