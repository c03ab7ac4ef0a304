"""Functions that SQLite lacks or computes otherwise than PostgreSQL. Reads nothing."""

import math
import re
import sqlite3
import statistics
from array import array
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

LONGEST_TEXT = 1_000_000
"""The characters of a text that SQL puts together."""

_LONGEST_SEARCH = 10_000
# Digits match in one way only: else a long text of digits takes quadratic time, which nothing can stop.
_NUMBER = re.compile(r"\s*[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?\s*", re.ASCII)


def is_number(text: str) -> bool:
    """Whether a text says a number."""
    return _NUMBER.fullmatch(text) is not None


def add_functions(connection: sqlite3.Connection) -> frozenset[str]:
    """Add the functions to a connection. Returns their names."""
    for name, amount, function in _FUNCTIONS:
        connection.create_function(name, amount, function, deterministic=True)
    for name, amount, aggregate in _AGGREGATES:
        connection.create_aggregate(name, amount, aggregate)
    return frozenset(name for name, *_ in (*_FUNCTIONS, *_AGGREGATES))


def _round(value: float | None, places: int) -> float | None:
    if value is None or not math.isfinite(value):
        return value
    return float(Decimal(f"{value:.15g}").quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def _instr(text: str | None, part: str | None) -> int | None:
    """The position of a part, from 1; 0 if it is not there. Python's search takes linear time, SQLite's does not."""
    return None if text is None or part is None or len(part) > _LONGEST_SEARCH else text.find(part) + 1


def _text(value: float | None) -> str | None:
    return None if value is None else repr(float(value)).removesuffix(".0")


def _number(text: str | None) -> float | None:
    if text is None or not is_number(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _integer(value: float | None) -> int | None:
    return None if value is None or not abs(value) < 2**63 else math.trunc(value)


def _ceil(value: float | None) -> int | None:
    return None if value is None else math.ceil(value)


def _floor(value: float | None) -> int | None:
    return None if value is None else math.floor(value)


def _sqrt(value: float | None) -> float | None:
    return None if value is None or value < 0 else math.sqrt(value)


def _ln(value: float | None) -> float | None:
    return None if value is None or value <= 0 else math.log(value)


class _Percentile:
    """The value at a share of the sorted values, between two of them if need be."""

    def __init__(self) -> None:
        self._values = array("d")
        self._share = 0.5

    def step(self, value: float | None, share: float) -> None:
        """Take a value."""
        if value is not None:
            self._values.append(value)
        self._share = share

    def finalize(self) -> float | None:
        """The percentile of all values."""
        if not self._values:
            return None
        ordered = sorted(self._values)
        at = self._share * (len(ordered) - 1)
        low = math.floor(at)
        high = math.ceil(at)
        return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


class _Deviation:
    """The standard deviation of a sample."""

    def __init__(self) -> None:
        self._values = array("d")

    def step(self, value: float | None) -> None:
        """Take a value."""
        if value is not None:
            self._values.append(value)

    def finalize(self) -> float | None:
        """The deviation of all values; None of fewer than two."""
        if len(self._values) < 2:
            return None
        mean = math.fsum(self._values) / len(self._values)
        return math.sqrt(math.fsum((value - mean) ** 2 for value in self._values) / (len(self._values) - 1))


class _Correlation:
    """Pearson's correlation of pairs."""

    def __init__(self) -> None:
        self._pairs = (array("d"), array("d"))

    def step(self, one: float | None, other: float | None) -> None:
        """Take a pair."""
        if one is not None and other is not None:
            self._pairs[0].append(one)
            self._pairs[1].append(other)

    def finalize(self) -> float | None:
        """The correlation of all pairs; None if it is undefined."""
        try:
            return statistics.correlation(*self._pairs)
        except statistics.StatisticsError:
            return None


_FUNCTIONS = (
    ("q_ceil", 1, _ceil),
    ("q_floor", 1, _floor),
    ("q_instr", 2, _instr),
    ("q_integer", 1, _integer),
    ("q_ln", 1, _ln),
    ("q_number", 1, _number),
    ("q_round", 2, _round),
    ("q_sqrt", 1, _sqrt),
    ("q_text", 1, _text),
)
_AGGREGATES: tuple[tuple[str, int, Any], ...] = (
    ("q_corr", 2, _Correlation),
    ("q_percentile", 2, _Percentile),
    ("q_stddev", 1, _Deviation),
)
