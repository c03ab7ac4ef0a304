"""Conditions of a filter as SQL, on the logs of runs (`run_logs`) and on datapoints. One function per kind."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, exists, not_, or_, select

from evals_mcp.models.conditions import (
    COMPARED,
    AuthorCondition,
    Condition,
    ErrorCondition,
    FieldCondition,
    JudgedCondition,
    JudgmentCondition,
    MeasureCondition,
    PassCondition,
    PassCountCondition,
    TextCondition,
    is_on_datapoint,
)
from evals_mcp.store.database.tables import datapoints, judgments, logs, run_logs
from evals_mcp.store.database.text_search import contains_text
from evals_mcp.store.evaluations.run_status import judgments_of
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationState
from evals_mcp.store.questions.field_sql import has_fields, json_test
from evals_mcp.store.questions.judgment_sql import has_judgment, judging
from evals_mcp.store.questions.length_sql import has_length
from evals_mcp.store.questions.pass_sql import datapoints_by_passes
from evals_mcp.store.questions.text_matches import log_holds

Column = ColumnElement[Any]
Test = ColumnElement[bool]

_JUDGE = logs.alias("judge")
_STEP = logs.alias("step")


class Reading(NamedTuple):
    """What conditions are read against: a connection, an evaluation, and the dataset versions of the runs.

    `by_judgments`: an index of judgments finds the logs, and the conditions are checked for these.
    """

    connection: Connection
    evaluation: EvaluationState
    dataset_versions: Sequence[str]
    by_judgments: bool = False


def on_logs(conditions: Sequence[Condition], reading: Reading) -> list[Test]:
    """The conditions on a log of `run_logs`."""
    others = [item for item in conditions if not is_on_datapoint(item)]
    return _of_datapoint(conditions, reading) + [_ON_LOGS[type(item)](item, reading) for item in others]


def on_datapoints(conditions: Sequence[Condition], reading: Reading) -> list[Test]:
    """The conditions on a datapoint of `datapoints`; those on its logs are left out."""
    return _on_datapoint_id(conditions, reading, datapoints.c.id)


def _of_datapoint(conditions: Sequence[Condition], reading: Reading) -> list[Test]:
    id: Column = run_logs.c.datapoint_id
    if reading.by_judgments and reading.connection.dialect.name == "sqlite":
        # Else SQLite looks up each of the chosen datapoints for each of the judgments.
        id = id.op("||")("")
    found = _on_datapoint_id(conditions, reading, id)
    fields = [item for item in conditions if is_on_datapoint(item)]
    if not fields or not all(isinstance(item, FieldCondition) and item.part == "input" for item in fields):
        return found
    # Logs without a datapoint have inputs of their own.
    own = [
        json_test(item, reading.connection, logs.c.inputs, []) for item in fields if isinstance(item, FieldCondition)
    ]
    return [or_(and_(*found), run_logs.c.datapoint_id.is_(None) & _of_log(and_(*own)))]


def _on_datapoint_id(conditions: Sequence[Condition], reading: Reading, id: Column) -> list[Test]:
    fields = [item for item in conditions if isinstance(item, FieldCondition) and is_on_datapoint(item)]
    found = [has_fields(fields, reading.connection, reading.dataset_versions, id)] if fields else []
    passing = [item for item in conditions if isinstance(item, PassCondition | PassCountCondition)]
    return found + [id.in_(datapoints_by_passes(item, reading.evaluation)) for item in passing]


def _of_log(test: Test) -> Test:
    return select(1).where(logs.c.number == run_logs.c.log_number, test).correlate(run_logs).exists()


def _log_metadata(condition: FieldCondition, reading: Reading) -> Test:
    return _of_log(json_test(condition, reading.connection, logs.c.extra, ["metadata"]))


def _texts(condition: TextCondition, reading: Reading) -> Test:
    if not condition.values:
        there = _is_there(condition, reading)
        return there if condition.operator == "!=" else not_(there)
    found = or_(*(_text(condition, value, reading) for value in condition.values))
    return found if condition.operator in ("=", "~") else not_(found)


def _is_there(condition: TextCondition, reading: Reading) -> Test:
    """Whether a log has an output, or an explanation."""
    log = _JUDGE if condition.part == "explanation" else logs
    held = log.c.output.is_not(None) | log.c.output_message.is_not(None)
    return _explained(condition, reading, held) if condition.part == "explanation" else _of_log(held)


def _text(condition: TextCondition, value: str, reading: Reading) -> Test:
    connection, is_equal = reading.connection, condition.operator in ("=", "!=")
    match condition.part:
        case "any":
            return log_holds(connection, value, reading.dataset_versions)
        case "trace":
            encoded = (_STEP.c.inputs, _STEP.c.messages, _STEP.c.output_message)
            held = contains_text(connection, value, (_STEP.c.output, _STEP.c.error), encoded)
            return (
                select(1).where(_STEP.c.trace_root_number == run_logs.c.log_number, held).correlate(run_logs).exists()
            )
        case "explanation":
            plain = (_JUDGE.c.output, _JUDGE.c.error)
            held = (
                or_(*(column == value for column in plain))
                if is_equal
                else contains_text(connection, value, plain, [_JUDGE.c.output_message, *_notes(condition, reading)])
            )
            return _explained(condition, reading, held)
        case "error":
            return _of_log(logs.c.error == value if is_equal else contains_text(connection, value, [logs.c.error]))
    if is_equal:
        return _of_log(logs.c.output == value)
    return _of_log(contains_text(connection, value, [logs.c.output], [logs.c.output_message], length=run_logs.c.length))


def _notes(condition: TextCondition, reading: Reading) -> list[ColumnElement[Any]]:
    """The judgments of one evaluator, if they are texts: what it says of a log, as explanations are."""
    id = condition.evaluator_version_id
    texts = id is not None and all(item.row.return_type == "text" for item in _named(id, reading))
    return [_JUDGE.c.judgment] if texts else []


def _explained(condition: TextCondition, reading: Reading, held: Test) -> Test:
    """By judgments that count for the evaluators of the evaluation, or one of them."""
    evaluators = _named(condition.evaluator_version_id, reading)
    counting = or_(*(and_(*judgments_of(item.attachment)) for item in evaluators))
    return (
        select(1)
        .join_from(judgments, _JUDGE, _JUDGE.c.number == judgments.c.evaluator_log_number)
        .where(*_judged_log(), counting, held)
        .correlate(run_logs)
        .exists()
    )


def _named(version_id: str | None, reading: Reading) -> Iterable[AttachedEvaluator]:
    evaluation = reading.evaluation
    return evaluation.evaluators if version_id is None else evaluation.find_evaluators([version_id])


def _judged_log() -> tuple[Test, Test]:
    return judgments.c.run_id == run_logs.c.run_id, judgments.c.log_number == run_logs.c.log_number


def _measure(condition: MeasureCondition, reading: Reading) -> Test:
    column = run_logs.c[condition.measure]
    is_known = has_length(reading.connection) if condition.measure == "length" else column.is_not(None)
    if not condition.values:
        return is_known if condition.operator == "!=" else not_(is_known)
    if condition.operator in ("=", "!="):
        test: Test = column.in_(condition.values) if condition.operator == "=" else column.not_in(condition.values)
    else:
        test = COMPARED[condition.operator](column, condition.values[0])
    return and_(test, is_known)


def _error(condition: ErrorCondition, reading: Reading) -> Test:
    return run_logs.c.failed.is_(condition.failed)


def _judged(condition: JudgedCondition, reading: Reading) -> Test:
    evaluation = reading.evaluation
    found = or_(*(has_judgment(item, judging(item, evaluation)) for item in condition.alternatives))
    if not condition.excluded:
        return found
    if any(item.return_types() is None and item.passed is None for item in condition.alternatives):
        return not_(found)  # a state, and not a value
    by = {item.evaluator_version_id for item in condition.alternatives}
    judged = (JudgmentCondition(evaluator_version_id=version_id) for version_id in by)
    return and_(or_(*(has_judgment(item, judging(item, evaluation)) for item in judged)), not_(found))


def _author(condition: AuthorCondition, reading: Reading) -> Test:
    found = exists().where(*_judged_log(), judgments.c.author.in_(condition.authors)).correlate(run_logs)
    return not_(found) if condition.excluded else found


_ON_LOGS: dict[type, Callable[[Any, Reading], Test]] = {
    FieldCondition: _log_metadata,
    TextCondition: _texts,
    MeasureCondition: _measure,
    ErrorCondition: _error,
    JudgedCondition: _judged,
    AuthorCondition: _author,
}
"""The SQL of each kind of condition on logs."""
