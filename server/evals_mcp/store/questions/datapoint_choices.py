"""Which datapoints of a dataset version a reviewer asks for: found by the judgments of runs; no texts are read."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Case, ColumnElement, Connection, Row, Select, case, exists, func, or_, select, union_all

from evals_mcp.models.review import DatapointShow
from evals_mcp.statistics.choices import Rule
from evals_mcp.store.database.tables import dataset_datapoints, judgments, run_logs
from evals_mcp.store.evaluations.run_status import Attachment, judgment_exists, judgments_of, read_progress
from evals_mcp.store.logs.judgments import ABSTAINED, FAILED, JUDGED, judgment_value

_STATES = {"failed": FAILED, "abstained": ABSTAINED}


class Asked(NamedTuple):
    """The runs and evaluators by which datapoints of a dataset version are chosen."""

    dataset_version_id: str
    runs: Sequence[Row[Any]]
    judges: Sequence[tuple[Attachment, Rule]]


def chosen_positions(connection: Connection, show: DatapointShow, asked: Asked) -> list[int]:
    """The positions, in the dataset version, of the datapoints that `show` means, in order."""
    match show:
        case "disagreement":
            found = _disagreeing(connection, asked)
        case "all_fail":
            found = _failing_everywhere(connection, asked)
        case "missing":
            found = _missing(connection, asked)
        case _:
            found = _in_state(connection, asked, _STATES[show])
    return sorted(place for datapoint_id, place in _positions(connection, asked).items() if datapoint_id in found)


def _in_state(connection: Connection, asked: Asked, state: int) -> set[str]:
    """Datapoints with a judgment in this state."""
    found: set[str] = set()
    for attachment, _ in asked.judges:
        statement = select(judgments.c.datapoint_id).distinct()
        statement = statement.where(*_of(asked, attachment), judgments.c.state == state)
        found.update(connection.execute(statement).scalars())
    return found


def _missing(connection: Connection, asked: Asked) -> set[str]:
    """Datapoints for which a run over this dataset version has no log, or a log without a judgment."""
    every = set(_positions(connection, asked))
    found: set[str] = set()
    for run in asked.runs:
        in_run = run_logs.c.run_id == run.id
        if run.dataset_version_id == asked.dataset_version_id and run.logged_datapoints_count < len(every):
            found |= every.difference(connection.execute(select(run_logs.c.datapoint_id).where(in_run)).scalars())
        progress = read_progress(connection, [run], [attachment for attachment, _ in asked.judges])[run.id]
        for attachment, _ in asked.judges:
            if progress.judged[attachment.evaluator_version_id] < run.logs_count:
                statement = select(run_logs.c.datapoint_id).where(in_run, ~judgment_exists(attachment))
                # In the order of the logs their judgments lie close to each other.
                found.update(connection.execute(statement.order_by(run_logs.c.log_number)).scalars())
    return found


def _disagreeing(connection: Connection, asked: Asked) -> set[str]:
    """Datapoints on whose logs one evaluator says different things, or evaluators say that a log fails and passes."""
    found: set[str] = set()
    for attachment, rule in asked.judges:
        said = _said(connection, asked, attachment, rule, with_errors=True)
        found.update(datapoint_id for datapoint_id, values in said.items() if rule.disagree(values))
    return found | _contradicted(connection, asked)


def _failing_everywhere(connection: Connection, asked: Asked) -> set[str]:
    """Datapoints all of whose judged logs fail by one evaluator; a log with an error fails whatever was said of it."""
    found = _only_errors(connection, asked)
    for attachment, rule in asked.judges:
        said = _said(connection, asked, attachment, rule, with_errors=False)
        found.update(datapoint_id for datapoint_id, values in said.items() if rule.all_fail(values))
    return found


def _said(
    connection: Connection, asked: Asked, attachment: Attachment, rule: Rule, *, with_errors: bool
) -> dict[str, list[Any]]:
    """What an evaluator said of each datapoint's logs: every different judgment, of numbers the two ends."""
    conditions = [*_of(asked, attachment), judgments.c.state == JUDGED]
    if not with_errors:
        conditions.append(~_ended_in_error())
    kind = rule.row.return_type
    said: dict[str, list[Any]] = {}
    if kind in ("boolean", "number"):
        number = judgments.c.number
        ends = select(judgments.c.datapoint_id, func.min(number), func.max(number))
        ends = ends.where(*conditions, number.is_not(None)).group_by(judgments.c.datapoint_id)
        for datapoint_id, low, high in connection.execute(ends):
            said[datapoint_id] = [judgment_value(value, None, kind) for value in {low, high}]
    elif kind in ("select", "multi_select"):
        label = judgments.c.label
        labels = select(judgments.c.datapoint_id, label).distinct().where(*conditions, label.is_not(None))
        for datapoint_id, value in connection.execute(labels):
            said.setdefault(datapoint_id, []).append(judgment_value(None, value, kind))
    return said


def _only_errors(connection: Connection, asked: Asked) -> set[str]:
    """Datapoints all of whose logs ended in an error."""
    failed = func.min(case((run_logs.c.failed.is_(True), 1), else_=0))
    statement = (
        select(run_logs.c.datapoint_id)
        .where(run_logs.c.run_id.in_(_ids(asked)), run_logs.c.datapoint_id.in_(_with_errors(asked)))
        .group_by(run_logs.c.datapoint_id)
        .having(failed == 1)
    )
    return set(connection.execute(statement).scalars())


def _with_errors(asked: Asked) -> Select[Any]:
    failed = run_logs.alias("failed_logs")
    return select(failed.c.datapoint_id).where(failed.c.run_id.in_(_ids(asked)), failed.c.failed.is_(True))


def _contradicted(connection: Connection, asked: Asked) -> set[str]:
    """Datapoints with a log that one evaluator says fails and another says passes."""
    verdicts = [
        select(judgments.c.run_id, judgments.c.log_number, judgments.c.datapoint_id, verdict.label("fails")).where(
            *_of(asked, attachment), judgments.c.state == JUDGED
        )
        for attachment, rule in asked.judges
        if (verdict := _verdict(rule)) is not None
    ]
    if len(verdicts) < 2:
        return set()
    every = union_all(*verdicts).subquery()
    of_log = (every.c.run_id, every.c.log_number, every.c.datapoint_id)
    differing = select(every.c.datapoint_id).group_by(*of_log).having(func.min(every.c.fails) < func.max(every.c.fails))
    return set(connection.execute(differing).scalars())


def _verdict(rule: Rule) -> Case[int] | None:
    """1 where a judgment says that its log fails and 0 where not, as `Rule.fails`; None where it never says so."""
    fails: ColumnElement[bool] | None = None
    match rule.row.return_type:
        case "boolean" if rule.can_fail and not rule.row.neutral:
            fails = judgments.c.number == (1 if rule.row.lower_is_better else 0)
        case "number" if rule.can_fail and not rule.row.neutral and rule.number_range is not None:
            low, high = rule.number_range
            if low < high:
                place = (judgments.c.number - low) / (high - low)
                fails = place >= 0.75 if rule.row.lower_is_better else place <= 0.25
        case "select" | "multi_select" if rule.can_fail:
            negative = [option for option, valence in rule.row.valences.items() if valence == "negative"]
            if negative and rule.row.return_type == "select":
                fails = judgments.c.label.in_(negative)
            elif negative:
                listed = (json.dumps(option, ensure_ascii=False) for option in negative)
                fails = or_(*(judgments.c.label.contains(part, autoescape=True) for part in listed))
    return None if fails is None else case((fails, 1), else_=0)


def _of(asked: Asked, attachment: Attachment) -> list[ColumnElement[bool]]:
    return [judgments.c.run_id.in_(_ids(asked)), judgments.c.datapoint_id.is_not(None), *judgments_of(attachment)]


def _ended_in_error() -> ColumnElement[bool]:
    return exists().where(
        run_logs.c.run_id == judgments.c.run_id,
        run_logs.c.failed.is_(True),
        run_logs.c.log_number == judgments.c.log_number,
    )


def _ids(asked: Asked) -> list[str]:
    return [run.id for run in asked.runs]


def _positions(connection: Connection, asked: Asked) -> dict[str, int]:
    columns = dataset_datapoints.c
    rows: Iterable[Row[Any]] = connection.execute(
        select(columns.datapoint_id, columns.position).where(columns.version_id == asked.dataset_version_id)
    )
    return {row.datapoint_id: row.position for row in rows}
