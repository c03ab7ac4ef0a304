"""Choose datapoints of a dataset version by the judgments of runs. Reads no texts."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, case, exists, func, literal, select, union_all

from evals_mcp.models.judgments import ABSTAINED, FAILED, JUDGED
from evals_mcp.models.questions import DatapointShow
from evals_mcp.statistics.agreement import JudgmentReading
from evals_mcp.store.database.tables import judgments, run_logs
from evals_mcp.store.evaluations.run_status import Attachment, judgment_exists, judgments_of, read_progress
from evals_mcp.store.logs.judgments import judgment_value
from evals_mcp.store.questions.dataset_order import ordered_datapoints
from evals_mcp.store.questions.judgment_sql import failing_judgment


class ReadEvaluator(NamedTuple):
    """An attached evaluator, and how to read its judgments."""

    attachment: Attachment
    reading: JudgmentReading


class Choice(NamedTuple):
    """The dataset versions, runs and evaluators for choosing datapoints.

    If there is a `party`, only disagreements in which this evaluator version takes part count.
    """

    dataset_version_ids: Sequence[str]
    runs: Sequence[Row[Any]]
    evaluators: Sequence[ReadEvaluator]
    party: str | None = None

    def is_party(self, attachment: Attachment) -> bool:
        """Whether a disagreement of this evaluator counts."""
        return self.party in (None, attachment.evaluator_version_id)


def chosen_positions(connection: Connection, show: DatapointShow, choice: Choice) -> list[int]:
    """The positions of the datapoints for `show`, in order."""
    match show:
        case "disagreement":
            found = _disagreeing(connection, choice)
        case "all_fail":
            found = _failing_everywhere(connection, choice)
        case "missing":
            found = _missing(connection, choice)
        case "failed":
            found = _in_state(connection, choice, FAILED)
        case _:
            found = _in_state(connection, choice, ABSTAINED)
    return sorted(
        at for datapoint_id, at in _positions(connection, choice.dataset_version_ids).items() if datapoint_id in found
    )


def _in_state(connection: Connection, choice: Choice, state: int) -> set[str]:
    """Datapoints with a judgment in this state."""
    found: set[str] = set()
    for attachment, _ in choice.evaluators:
        statement = select(judgments.c.datapoint_id).distinct()
        statement = statement.where(*_of(choice, attachment), judgments.c.state == state)
        found.update(connection.execute(statement).scalars())
    return found


def _missing(connection: Connection, choice: Choice) -> set[str]:
    """Datapoints for which a run over a dataset version with them has no log, or a log without a judgment."""
    of_version = {id: set(_positions(connection, [id])) for id in choice.dataset_version_ids}
    found: set[str] = set()
    for run in choice.runs:
        in_run = run_logs.c.run_id == run.id
        every = of_version.get(run.dataset_version_id, set())
        if run.logged_datapoints_count < len(every):
            found |= every.difference(connection.execute(select(run_logs.c.datapoint_id).where(in_run)).scalars())
        progress = read_progress(connection, [run], [attachment for attachment, _ in choice.evaluators])[run.id]
        for attachment, _ in choice.evaluators:
            if progress.judged[attachment.evaluator_version_id] < run.logs_count:
                statement = select(run_logs.c.datapoint_id).where(in_run, ~judgment_exists(attachment))
                # In log order, judgments are stored close to each other.
                found.update(connection.execute(statement.order_by(run_logs.c.log_number)).scalars())
    return found


def _disagreeing(connection: Connection, choice: Choice) -> set[str]:
    """Datapoints with logs that one evaluator judges differently, or a log that evaluators judge differently."""
    found: set[str] = set()
    for evaluator in choice.evaluators:
        if not choice.is_party(evaluator.attachment):
            continue
        judged = _judgments(connection, choice, evaluator, with_errors=True)
        found.update(datapoint_id for datapoint_id, values in judged.items() if evaluator.reading.disagree(values))
    return found | _contradicted(connection, choice) | _choosing_otherwise(connection, choice)


def _failing_everywhere(connection: Connection, choice: Choice) -> set[str]:
    """Datapoints whose judged logs all fail by one evaluator. A log with an error always fails."""
    found = _only_errors(connection, choice)
    for evaluator in choice.evaluators:
        judged = _judgments(connection, choice, evaluator, with_errors=False)
        found.update(datapoint_id for datapoint_id, values in judged.items() if evaluator.reading.all_fail(values))
    return found


def _judgments(
    connection: Connection, choice: Choice, evaluator: ReadEvaluator, *, with_errors: bool
) -> dict[str, list[Any]]:
    """An evaluator's distinct judgments of each datapoint's logs; of numbers, the smallest and largest."""
    conditions = [*_of(choice, evaluator.attachment), judgments.c.state == JUDGED]
    if not with_errors:
        conditions.append(~_ended_in_error(choice))
    kind = evaluator.reading.return_type
    found: dict[str, list[Any]] = {}
    if kind in ("boolean", "number"):
        number = judgments.c.number
        ends = select(judgments.c.datapoint_id, func.min(number), func.max(number))
        ends = ends.where(*conditions, number.is_not(None)).group_by(judgments.c.datapoint_id)
        for datapoint_id, low, high in connection.execute(ends):
            found[datapoint_id] = [judgment_value(value, None, kind) for value in {low, high}]
    elif kind in ("select", "multi_select"):
        label = judgments.c.label
        labels = select(judgments.c.datapoint_id, label).distinct().where(*conditions, label.is_not(None))
        for datapoint_id, value in connection.execute(labels):
            found.setdefault(datapoint_id, []).append(judgment_value(None, value, kind))
    return found


def _only_errors(connection: Connection, choice: Choice) -> set[str]:
    """Datapoints whose logs all ended in an error."""
    failed = func.min(case((run_logs.c.failed.is_(True), 1), else_=0))
    statement = (
        select(run_logs.c.datapoint_id)
        .where(run_logs.c.run_id.in_(_ids(choice)), run_logs.c.datapoint_id.in_(_with_errors(choice)))
        .group_by(run_logs.c.datapoint_id)
        .having(failed == 1)
    )
    return set(connection.execute(statement).scalars())


def _with_errors(choice: Choice) -> Select[Any]:
    failed = run_logs.alias("failed_logs")
    return select(failed.c.datapoint_id).where(failed.c.run_id.in_(_ids(choice)), failed.c.failed.is_(True))


def _contradicted(connection: Connection, choice: Choice) -> set[str]:
    """Datapoints with a log that fails by one evaluator or author and passes by another."""
    verdicts = [
        select(*_OF_LOG, verdict.label("value"), _party(choice, attachment)).where(
            *_of(choice, attachment), judgments.c.state == JUDGED
        )
        for attachment, reading in choice.evaluators
        if (verdict := failing_judgment(reading)) is not None
    ]
    is_shared = any(attachment.is_shared for attachment, _ in choice.evaluators)
    if not verdicts or (len(verdicts) == 1 and not is_shared):
        return set()
    return _differing(connection, verdicts)


def _choosing_otherwise(connection: Connection, choice: Choice) -> set[str]:
    """Datapoints with a log for which evaluators with the same options select different ones."""
    same: dict[frozenset[str], list[Attachment]] = {}
    for attachment, reading in choice.evaluators:
        if reading.return_type == "select" and reading.options:
            same.setdefault(reading.options, []).append(attachment)
    found: set[str] = set()
    for attachments in same.values():
        if len(attachments) < 2:
            continue
        parts = [
            select(*_OF_LOG, judgments.c.label.label("value"), _party(choice, attachment)).where(
                *_of(choice, attachment), judgments.c.state == JUDGED, judgments.c.label.is_not(None)
            )
            for attachment in attachments
        ]
        found |= _differing(connection, parts)
    return found


_OF_LOG = (judgments.c.run_id, judgments.c.log_number, judgments.c.datapoint_id)


def _party(choice: Choice, attachment: Attachment) -> ColumnElement[int]:
    return literal(int(choice.is_party(attachment))).label("party")


def _differing(connection: Connection, parts: Sequence[Select[Any]]) -> set[str]:
    """Datapoints with a log that has different values in these statements, one of them of a party.

    If values differ, each of them differs from some other.
    """
    every = union_all(*parts).subquery()
    differ = (func.min(every.c.value) < func.max(every.c.value)) & (func.max(every.c.party) == 1)
    of_log = (every.c.run_id, every.c.log_number, every.c.datapoint_id)
    return set(connection.execute(select(every.c.datapoint_id).group_by(*of_log).having(differ)).scalars())


def _of(choice: Choice, attachment: Attachment) -> list[ColumnElement[bool]]:
    return [judgments.c.run_id.in_(_ids(choice)), judgments.c.datapoint_id.is_not(None), *judgments_of(attachment)]


def _ended_in_error(choice: Choice) -> ColumnElement[bool]:
    return exists().where(
        run_logs.c.run_id.in_(_ids(choice)),  # follows from the next, but PostgreSQL may gather such logs of all runs
        run_logs.c.run_id == judgments.c.run_id,
        run_logs.c.failed.is_(True),
        run_logs.c.log_number == judgments.c.log_number,
    )


def _ids(choice: Choice) -> list[str]:
    return [run.id for run in choice.runs]


def _positions(connection: Connection, version_ids: Sequence[str]) -> dict[str, int]:
    rows: Iterable[Row[Any]] = connection.execute(select(ordered_datapoints(version_ids)))
    return {row.datapoint_id: row.position for row in rows}
