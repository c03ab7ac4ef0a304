"""Scalars inside JSON columns, found by a key as `datapoint_fields` writes it. Reads nothing."""

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import combinations, islice
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Float, Numeric, String, case, cast, func, literal_column

from evals_mcp.models.datapoint_fields import DEEPEST_KEY, JSON_NUMBER, LONGEST_VALUE, number_in_text

Column = ColumnElement[Any]

_MOST_PATHS = 50
_MOST_DIGITS = 300
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')  # SQLite finds no other names in all its versions


class JsonValue(NamedTuple):
    """A value as SQL: whether it is there and not null, its text (of numbers and booleans, the JSON), its number.

    The number is that of `datapoint_fields`: true and false are 1 and 0, and a text may be one.
    """

    is_there: ColumnElement[bool]
    text: Column
    number: Column


def json_value(connection: Connection, column: Column, names: Sequence[str], key: str) -> JsonValue:
    """The value at a key of the object at a path of names.

    A dot in a key is part of a name, or is between the names of nested objects, which count first.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    at = _on_sqlite if is_sqlite else _on_postgresql
    found = [at(column, [*names, *path]) for path in islice(_paths(key), _MOST_PATHS)]
    kind = reduce(func.coalesce, (kind for kind, _ in found))
    text = case(*((kind.is_not(None), cast(text, String)) for kind, text in found))
    if is_sqlite:  # which reads true as 1
        text = case((kind.in_(["true", "false"]), kind), else_=text)
    in_text = func.number_in_text(text) if is_sqlite else _number_in_text(text)
    number = case(
        (kind.in_(["integer", "real", "number"]), cast(text, Float)),
        (kind.in_(["true", "false", "boolean"]), case((text == "true", 1.0), else_=0.0)),
        (kind.in_(["text", "string"]), in_text),
    )
    return JsonValue(func.coalesce(kind, "null") != "null", text, number)


def _paths(key: str) -> Iterator[list[str]]:
    """The names that a key can stand for, the most of them first. Without a key: none."""
    parts = key.split(".") if key else []
    for amount in range(min(DEEPEST_KEY, len(parts)), 0, -1):
        for cuts in combinations(range(1, len(parts)), amount - 1):
            ends = zip((0, *cuts), (*cuts, len(parts)), strict=True)
            yield [".".join(parts[start:end]) for start, end in ends]
    if not parts:
        yield []


def _on_sqlite(column: Column, path: Sequence[str]) -> tuple[Column, Column]:
    """The type and the text at a path."""
    if all(_PLAIN.fullmatch(name) for name in path):
        written = "$" + "".join(f'."{name}"' for name in path)
        return func.json_type(column, written), func.json_extract(column, written)
    member = func.json_member(column, json.dumps(path))
    return func.json_type(member), func.json_extract(member, "$")


def _on_postgresql(column: Column, path: Sequence[str]) -> tuple[Column, Column]:
    if not path:
        return func.json_typeof(column), column.op("#>>")(literal_column("'{}'"))
    return func.json_typeof(func.json_extract_path(column, *path)), func.json_extract_path_text(column, *path)


def _number_in_text(text: Column) -> Column:
    """The number that a text is, on PostgreSQL. Those out of the range of floats have none."""
    exponent = cast(func.coalesce(func.substring(text, "[eE][+-]?([0-9]+)$"), "0"), Numeric)
    is_number = (func.length(text) <= LONGEST_VALUE) & text.regexp_match(f"^({JSON_NUMBER})$")
    return case((is_number, case((func.length(text) + exponent < _MOST_DIGITS, cast(text, Float)))))


def add_json_functions(connection: sqlite3.Connection) -> None:
    """Add the functions of the conditions to a SQLite connection."""
    connection.create_function("json_member", 2, _json_member, deterministic=True)
    connection.create_function("number_in_text", 1, number_in_text, deterministic=True)


def _json_member(encoded: str | None, path: str) -> str | None:
    """The JSON at a path, which is a JSON list of names."""
    value = None if encoded is None else json.loads(encoded)
    for name in json.loads(path):
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return json.dumps(value)
