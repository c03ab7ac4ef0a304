"""Texts that are ISO dates or times, compared with one in SQL. Reads nothing."""

import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Connection, Integer, Text, case, cast, extract, func
from sqlalchemy import literal_column as written

from evals_mcp.models.moments import DATE_LENGTH, MOMENT, Bound, moment_in_text

Column = ColumnElement[Any]


def compare_moment(
    connection: Connection, text: Column, compare: Callable[[Any, Any], ColumnElement[bool]], bound: Bound
) -> ColumnElement[bool]:
    """Whether a text is a date or a time, and compares so with a bound: by its day, if that is a day."""
    moment = func.moment_in_text(text) if connection.dialect.name == "sqlite" else _postgresql_moment(text)
    if bound.day is None:
        return moment.is_not(None) & compare(moment, bound.microseconds)
    return moment.is_not(None) & compare(func.substr(text, 1, DATE_LENGTH), bound.day)


def add_moment_functions(connection: sqlite3.Connection) -> None:
    """Add the function of the conditions to a SQLite connection."""
    connection.create_function("moment_in_text", 1, moment_in_text, deterministic=True)


def _postgresql_moment(text: Column) -> Column:
    """What `moment_in_text` returns. No cast of the text, since the database fails on a day that does not exist."""
    parts = func.regexp_match(text, f"^{MOMENT}$", type_=ARRAY(Text))
    year, month, day, hour, minute, second, hours, minutes = (
        cast(func.coalesce(parts[at], "0"), Integer) for at in (1, 2, 3, 4, 5, 6, 9, 10)
    )
    sign = case((parts[8] == "-", -1), else_=1)
    digits = cast(func.substr(func.coalesce(parts[7], "").concat("000000"), 1, 6), BigInteger)
    start: Column = written("timestamp '2000-01-01'") + func.make_interval(year - 2000, month - 1, 0, day - 1)
    seconds = (hour - sign * hours) * 3600 + (minute - sign * minutes) * 60 + second
    moment = (cast(extract("epoch", start), BigInteger) + seconds) * 1_000_000 + digits
    return case((text.op("~")(f"^{MOMENT}$"), case(((year > 0) & (extract("month", start) == month), moment))))
