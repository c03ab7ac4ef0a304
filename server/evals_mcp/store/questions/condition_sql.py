"""Conditions of a filter as SQL, on the logs of runs (`run_logs`) and on datapoints. One function per kind."""

from collections.abc import Callable, Iterable, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, exists, not_, or_, select

from evals_mcp.models.conditions import (
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
from evals_mcp.models.datapoint_fields import LONGEST_VALUE, PARTS
from evals_mcp.store.database.json_values import json_value
from evals_mcp.store.database.tables import datapoint_fields, datapoints, judgments, logs, run_logs, versions
from evals_mcp.store.database.text_search import contains_text
from evals_mcp.store.evaluations.run_status import judgments_of
from evals_mcp.store.questions.evaluation_states import AttachedEvaluator, EvaluationState
from evals_mcp.store.questions.judgment_sql import has_judgment, judging
from evals_mcp.store.questions.pass_sql import datapoints_by_passes
from evals_mcp.store.questions.text_matches import log_holds

Column = ColumnElement[Any]
Test = ColumnElement[bool]

_COMPARED: dict[str, Callable[[Any, Any], Test]] = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_PART: dict[str, int] = {part: index for index, part in enumerate(PARTS)}
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


def on_log(condition: Condition, reading: Reading) -> Test:
    """The condition on a log of `run_logs`."""
    if is_on_datapoint(condition):
        id: Column = run_logs.c.datapoint_id
        if reading.by_judgments and reading.connection.dialect.name == "sqlite":
            # Else SQLite looks up each of the chosen datapoints for each of the judgments.
            id = id.op("||")("")
        found = _on_datapoint_id(condition, reading, id)
        if isinstance(condition, FieldCondition) and condition.part == "input":
            # Logs without a datapoint have inputs of their own.
            own = _json_test(condition, reading.connection, logs.c.inputs, [])
            return or_(found, run_logs.c.datapoint_id.is_(None) & _of_log(own))
        return found
    return _ON_LOGS[type(condition)](condition, reading)


def on_datapoint(condition: Condition, reading: Reading) -> Test:
    """The condition on a datapoint of `datapoints`."""
    return _on_datapoint_id(condition, reading, datapoints.c.id)


def _on_datapoint_id(condition: Condition, reading: Reading, id: Column) -> Test:
    if isinstance(condition, FieldCondition):
        return _field(condition, reading, id)
    assert isinstance(condition, PassCondition | PassCountCondition)
    return id.in_(datapoints_by_passes(condition, reading.evaluation))


def _field(condition: FieldCondition, reading: Reading, id: Column) -> Test:
    """By an index of the fields of the runs' datasets: the datapoints that have such a value."""
    fields = datapoint_fields
    datasets = select(versions.c.file_id).where(versions.c.id.in_(list(reading.dataset_versions)))
    having = select(fields.c.datapoint_id).where(
        fields.c.dataset_id.in_(datasets),
        fields.c.part == _PART[condition.part],
        fields.c.key == condition.key,
    )
    if not condition.values:
        return id.in_(having) if condition.operator == "!=" else and_(id.is_not(None), id.not_in(having))
    return id.in_(having.where(_value_test(condition, reading.connection)))


def _value_test(condition: FieldCondition, connection: Connection) -> Test:
    number, values = datapoint_fields.c.number, condition.values
    match condition.operator:
        case "=" | "!=":
            found = or_(*(_equals(item, connection, condition) for item in values))
            return found if condition.operator == "=" else not_(found)
        case "~" | "!~":
            found = or_(*(_holds(item, connection, condition) for item in values))
            return found if condition.operator == "~" else not_(found)
    return number.is_not(None) & _COMPARED[condition.operator](number, float(values[0]))


def _equals(text: str, connection: Connection, condition: FieldCondition) -> Test:
    """A field equals a text, as numbers do in their shortest form. Of a long value, only the beginning is stored."""
    fields = datapoint_fields.c
    if len(text) > LONGEST_VALUE:
        whole = _whole_value(condition, connection, lambda value: value == text)
        return (fields.value == text[:LONGEST_VALUE]) & whole
    return and_(fields.value == text, fields.whole.is_(True))


def _holds(text: str, connection: Connection, condition: FieldCondition) -> Test:
    stored = contains_text(connection, text, [datapoint_fields.c.value])
    return or_(stored, _whole_value(condition, connection, lambda value: contains_text(connection, text, [value])))


def _whole_value(condition: FieldCondition, connection: Connection, test: Callable[[Column], Test]) -> Test:
    """A test of a value that is cut in the table of fields, in the content of its datapoint."""
    name = {"input": "inputs"}.get(condition.part, condition.part)
    value = json_value(connection, datapoints.c.content, [name], condition.key)
    whole = select(1).where(datapoints.c.id == datapoint_fields.c.datapoint_id, test(value.text))
    return datapoint_fields.c.whole.is_(False) & whole.correlate(datapoint_fields).exists()


def _json_test(condition: FieldCondition, connection: Connection, column: Column, names: Sequence[str]) -> Test:
    """The condition on a value in a JSON column, which no index has."""
    value = json_value(connection, column, names, condition.key)
    if not condition.values:
        return value.is_there if condition.operator == "!=" else not_(value.is_there)
    if condition.operator in ("<", "<=", ">", ">="):
        return value.number.is_not(None) & _COMPARED[condition.operator](value.number, float(condition.values[0]))
    if condition.operator in ("=", "!="):
        test = or_(*(value.text == text for text in condition.values))
    else:
        test = or_(*(contains_text(connection, text, [value.text]) for text in condition.values))
    return value.is_there & (test if condition.operator in ("=", "~") else not_(test))


def _of_log(test: Test) -> Test:
    return select(1).where(logs.c.number == run_logs.c.log_number, test).correlate(run_logs).exists()


def _log_metadata(condition: FieldCondition, reading: Reading) -> Test:
    return _of_log(_json_test(condition, reading.connection, logs.c.extra, ["metadata"]))


def _texts(condition: TextCondition, reading: Reading) -> Test:
    found = or_(*(_text(condition, value, reading) for value in condition.values))
    return found if condition.operator in ("=", "~") else not_(found)


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
                else contains_text(connection, value, plain, [_JUDGE.c.output_message])
            )
            return _explained(condition, reading, held)
        case "error":
            return _of_log(logs.c.error == value if is_equal else contains_text(connection, value, [logs.c.error]))
    if is_equal:
        return _of_log(logs.c.output == value)
    return _of_log(contains_text(connection, value, [logs.c.output], [logs.c.output_message]))


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
    if not condition.values:
        return column.is_not(None) if condition.operator == "!=" else column.is_(None)
    if condition.operator in ("=", "!="):
        return column.in_(condition.values) if condition.operator == "=" else column.not_in(condition.values)
    return _COMPARED[condition.operator](column, condition.values[0])


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
