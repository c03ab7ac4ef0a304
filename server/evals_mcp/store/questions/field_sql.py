"""Conditions on fields as SQL: on the indexed fields of datapoints, and on values in JSON columns of logs."""

from collections.abc import Callable, Sequence
from operator import ge, gt, le, lt
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, false, not_, or_, select

from evals_mcp.models.conditions import FieldCondition
from evals_mcp.models.datapoint_fields import LONGEST_VALUE, PARTS
from evals_mcp.models.moments import read_bound
from evals_mcp.store.database.json_values import json_value
from evals_mcp.store.database.moment_sql import compare_moment
from evals_mcp.store.database.tables import datapoint_fields, datapoints, versions
from evals_mcp.store.database.text_search import contains_text

Column = ColumnElement[Any]
Test = ColumnElement[bool]

_BOUNDS: dict[str, Callable[[Any, Any], Test]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_PART: dict[str, int] = {part: index for index, part in enumerate(PARTS)}
_SELECTIVE = ("=", *_BOUNDS, "~")
"""The operators that choose few datapoints, those that an index answers first."""


def has_fields(
    conditions: Sequence[FieldCondition], connection: Connection, dataset_versions: Sequence[str], id: Column
) -> Test:
    """Whether a datapoint meets all conditions on its fields, in the datasets of these versions.

    The index of values finds datapoints by one condition, and their other fields are looked up. So a database makes one
    list of datapoints, however many conditions there are.
    """
    tests = [_FieldTest(condition, connection) for condition in conditions]
    wanted = sorted((test for test in tests if not test.is_missing), key=lambda test: test.rank)
    missing = [test for test in tests if test.is_missing]
    datasets = select(versions.c.file_id).where(versions.c.id.in_(list(dataset_versions)))
    if not wanted:
        return and_(id.is_not(None), *(id.not_in(test.datapoints(datasets)) for test in missing))
    first, *others = wanted
    found = first.datapoints(datasets).where(
        *(test.of(first.fields).exists() for test in others), *(~test.of(first.fields).exists() for test in missing)
    )
    if first.rank < len(_SELECTIVE):
        return id.in_(found)
    # Most datapoints meet it: a list of them takes longer than to look up each.
    return found.where(first.fields.c.datapoint_id == id).correlate_except(first.fields).exists()


class _FieldTest:
    """One condition on the rows of `datapoint_fields`, under an alias of its own."""

    def __init__(self, condition: FieldCondition, connection: Connection) -> None:
        self.fields: FromClause = datapoint_fields.alias()
        self.is_missing = not condition.values and condition.operator != "!="
        self._condition = condition
        self._connection = connection

    @property
    def rank(self) -> int:
        """The lower, the fewer datapoints are likely to meet it."""
        operator = self._condition.operator
        return _SELECTIVE.index(operator) if operator in _SELECTIVE and self._condition.values else len(_SELECTIVE)

    def datapoints(self, datasets: Select[Any]) -> Select[Any]:
        """The ids of the datapoints that meet it; of those that have the field, if it should be missing."""
        return select(self.fields.c.datapoint_id).where(self.fields.c.dataset_id.in_(datasets), *self._tests())

    def of(self, others: FromClause) -> Select[Any]:
        """The field of the same datapoint as a row of `others`."""
        return select(1).where(self.fields.c.datapoint_id == others.c.datapoint_id, *self._tests()).correlate(others)

    def _tests(self) -> list[Test]:
        condition, fields = self._condition, self.fields.c
        tests = [fields.part == _PART[condition.part], fields.key == condition.key]
        return [*tests, self._value()] if condition.values else tests

    def _value(self) -> Test:
        fields, values = self.fields.c, self._condition.values
        match self._condition.operator:
            case "=":
                return self._equals(values)
            case "!=":
                return not_(self._equals(values))
            case "~":
                return or_(*map(self._holds, values))
            case "!~":
                return not_(or_(*map(self._holds, values)))
            case operator:
                return _bounded(self._connection, fields.value, fields.number, operator, values[0])

    def _equals(self, values: Sequence[str]) -> Test:
        """One of the texts, as numbers in their shortest form. Of a long value, only the beginning is stored."""
        fields = self.fields.c
        short = [text for text in values if len(text) <= LONGEST_VALUE]
        long = [text for text in values if len(text) > LONGEST_VALUE]
        found = fields.value.in_(short) & fields.whole.is_(True) if short else false()
        if not long:
            return found
        begins = fields.value.in_([text[:LONGEST_VALUE] for text in long])
        return or_(found, begins & self._whole(lambda value: value.in_(long)))

    def _holds(self, text: str) -> Test:
        stored = contains_text(self._connection, text, [self.fields.c.value])
        return or_(stored, self._whole(lambda value: contains_text(self._connection, text, [value])))

    def _whole(self, test: Callable[[Column], Test]) -> Test:
        """A test of a value that is cut in the table of fields, in the content of its datapoint."""
        name = {"input": "inputs"}.get(self._condition.part, self._condition.part)
        value = json_value(self._connection, datapoints.c.content, [name], self._condition.key)
        whole = select(1).where(datapoints.c.id == self.fields.c.datapoint_id, test(value.text))
        return self.fields.c.whole.is_(False) & whole.correlate(self.fields).exists()


def json_test(condition: FieldCondition, connection: Connection, column: Column, names: Sequence[str]) -> Test:
    """The condition on a value in the object at a path of names in a JSON column, which no index has."""
    value = json_value(connection, column, names, condition.key)
    if not condition.values:
        return value.is_there if condition.operator == "!=" else not_(value.is_there)
    if condition.operator in _BOUNDS:
        return _bounded(connection, value.text, value.number, condition.operator, condition.values[0])
    if condition.operator in ("=", "!="):
        test: Test = value.text.in_(condition.values)
    else:
        test = or_(*(contains_text(connection, text, [value.text]) for text in condition.values))
    return value.is_there & (test if condition.operator in ("=", "~") else not_(test))


def _bounded(connection: Connection, text: Column, number: Column, operator: str, bound: str) -> Test:
    """A bound of dates, if it is one, else of numbers."""
    if (moment := read_bound(bound)) is not None:
        return compare_moment(connection, text, _BOUNDS[operator], moment)
    return number.is_not(None) & _BOUNDS[operator](number, float(bound))
