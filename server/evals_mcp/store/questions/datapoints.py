"""Answer questions about datapoints, page by page, with their logs and judgments in the chosen runs."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from evals_mcp.errors import NotFound
from evals_mcp.models.judgments import JUDGED, STATES
from evals_mcp.models.questions import DatapointQuestion
from evals_mcp.models.rows import DatapointContent, DatapointLog, DatapointRow, DatapointRows, Excerpt
from evals_mcp.store.database.database import Database
from evals_mcp.store.database.tables import datapoints, dataset_datapoints, judgments, logs, run_logs, versions
from evals_mcp.store.logs.judgments import judgment_value
from evals_mcp.store.questions.chosen_datapoints import ChosenDatapoints, find_offset, read_page
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationStates
from evals_mcp.store.questions.filter_conditions import FilterConditions, searched_version
from evals_mcp.store.questions.overviews import Overviews
from evals_mcp.store.questions.text_matches import datapoint_places
from evals_mcp.store.revision_cache import RevisionCache
from evals_mcp.truncation import cut_datapoint, find_excerpt


class _Log(NamedTuple):
    run_id: str
    log_number: int
    log_id: str
    datapoint_id: str
    failed: bool


_Judged = tuple[list[str], list[Any], list[tuple[int, str, Any]]]
"""State letters and judgments by evaluator, and those of further authors."""


class DatapointQuestions:
    """Answers questions about datapoints."""

    def __init__(
        self, database: Database, evaluations: EvaluationStates, overviews: Overviews, cache: RevisionCache
    ) -> None:
        self._database = database
        self._overviews = overviews
        self._evaluations = evaluations
        self._chosen = ChosenDatapoints(cache)

    def answer(self, evaluation_id: str, question: DatapointQuestion, known: str | None = None) -> DatapointRows:
        """The datapoints for a question, in dataset order.

        `known` is the token of the caller's overview: if it is an older one, the newest comes with the rows.
        Raises NotFound.
        """
        version = searched_version(self._database, question.filter)
        with self._database.read() as connection:
            evaluation = self._evaluations.read(connection, evaluation_id)
            runs = evaluation.find_runs(question.filter.run_ids)
            total = connection.execute(_COUNT, {"version_id": question.dataset_version_id}).scalar()
            if total is None:
                raise NotFound(f"Dataset version `{question.dataset_version_id}` does not exist.")
            conditions = FilterConditions(connection, question.filter, evaluation, version)
            if question.show == "all" and not conditions.names and not question.other_dataset_version_ids:
                found = _page(connection, question.dataset_version_id, question.offset, question.limit)
            else:
                positions = self._chosen.positions(connection, question, evaluation, runs, conditions)
                question = question.model_copy(update={"offset": find_offset(connection, question, positions)})
                found, total = read_page(connection, question, positions), len(positions)
            # In the order of the named runs.
            run_ids = question.filter.run_ids or [run.id for run in runs]
            logs_of = _logs(connection, run_ids, [row.id for row in found], evaluation.evaluators)
            characters, searched = question.characters, question.filter.text
            return DatapointRows(
                rows=[_row(row, logs_of.get(row.id, []), characters, searched) for row in found],
                total=total,
                offset=question.offset,
                newest=self._overviews.newest(connection, evaluation, known),
            )

    def read(self, id: str) -> DatapointContent:
        """A datapoint by id. Raises NotFound."""
        with self._database.read() as connection:
            columns = (datapoints.c.content, datapoints.c.dataset_id)
            row = connection.execute(select(*columns).where(datapoints.c.id == id)).first()
        if row is None:
            raise NotFound(f"Datapoint `{id}` does not exist.")
        given = {key: value for key, value in row.content.items() if value is not None}
        return DatapointContent(id=id, dataset_id=row.dataset_id, **given)


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
    # In index order, so that SQLite uses the index.
    .order_by(run_logs.c.run_id, run_logs.c.datapoint_id, run_logs.c.log_number)
)
_JUDGMENTS = select(
    judgments.c.log_number,
    judgments.c.evaluator_id,
    judgments.c.evaluator_log_number,
    judgments.c.state,
    judgments.c.number,
    judgments.c.label,
).where(judgments.c.log_number.in_(bindparam("numbers", expanding=True)))
_LATEST = _JUDGMENTS.where(judgments.c.latest.is_(True))
_OF_VERSION = _JUDGMENTS.where(judgments.c.evaluator_version_id == bindparam("version_id"))


def _page(connection: Connection, version_id: str, offset: int, limit: int) -> Sequence[Any]:
    return connection.execute(_PAGE, {"version_id": version_id, "first": offset, "end": offset + limit}).all()


def _logs(
    connection: Connection,
    run_ids: Sequence[str],
    datapoint_ids: Sequence[str],
    evaluators: Sequence[AttachedEvaluator],
) -> dict[str, list[DatapointLog]]:
    """The logs of datapoints in runs, by datapoint: in run order, then oldest first."""
    rows = connection.execute(_LOGS, {"run_ids": list(run_ids), "datapoint_ids": list(datapoint_ids)}).all()
    order = {run_id: index for index, run_id in enumerate(run_ids)}
    found_logs = sorted((_Log(*row) for row in rows), key=lambda log: order[log.run_id])
    judged = _judged(connection, found_logs, evaluators)
    found: dict[str, list[DatapointLog]] = {}
    for log in found_logs:
        states, values, others = judged.get(log.log_number) or _none_judged(len(evaluators))
        found.setdefault(log.datapoint_id, []).append(
            DatapointLog(log.log_id, log.run_id, log.failed, "".join(states), values, others or None)
        )
    return found


def _judged(
    connection: Connection, found_logs: Sequence[_Log], evaluators: Sequence[AttachedEvaluator]
) -> dict[int, _Judged]:
    """State letters and judgments by log number, in evaluator order. They are the same in all runs."""
    numbers = {"numbers": list({log.log_number for log in found_logs})}
    found: dict[int, _Judged] = {}
    indexes = {item.row.id: index for index, item in enumerate(evaluators) if item.attachment.sole}
    _fill(found, connection.execute(_LATEST, numbers).all(), indexes, evaluators)
    for index, item in enumerate(evaluators):
        if not item.attachment.sole:
            rows = connection.execute(_OF_VERSION, {**numbers, "version_id": item.version_id}).all()
            _fill(found, rows, {item.row.id: index}, evaluators)
    return found


def _fill(
    found: dict[int, _Judged],
    rows: Sequence[Any],
    indexes: Mapping[str, int],
    evaluators: Sequence[AttachedEvaluator],
) -> None:
    if any(evaluators[index].attachment.is_shared for index in indexes.values()):
        rows = sorted(rows, key=lambda row: row.evaluator_log_number)
    # Unpacked: there are many rows, and access by column name costs more than the query.
    for log_number, evaluator_id, _, state, number, label in rows:
        index = indexes.get(evaluator_id)
        if index is None:
            continue
        if log_number not in found:
            found[log_number] = _none_judged(len(evaluators))
        states, values, others = found[log_number]
        letter = STATES[state][0]
        value = judgment_value(number, label, evaluators[index].row.return_type) if state == JUDGED else None
        if states[index] == "m":
            states[index], values[index] = letter, value
        elif (index, letter, value) not in others and (letter, value) != (states[index], values[index]):
            others.append((index, letter, value))


def _none_judged(amount: int) -> _Judged:
    return ["m"] * amount, [None] * amount, []


def _row(row: Any, logs_of_datapoint: list[DatapointLog], characters: int, searched: str | None) -> DatapointRow:
    excerpt = find_excerpt(datapoint_places(row.content), searched) if searched else None
    return DatapointRow(
        id=row.id,
        **cut_datapoint(row.content, characters),
        excerpt=None if excerpt is None else Excerpt(**excerpt._asdict()),
        logs=logs_of_datapoint,
    )
