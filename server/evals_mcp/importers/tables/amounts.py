"""Cells of latency and cost, with units."""

import re
from functools import lru_cache
from typing import Any

from evals_mcp.importers.tables.cells import as_number

_AMOUNT = re.compile(r"(US\$|USD|\$)?\s*([+-]?[\d.,]+(?:e[+-]?\d+)?)\s*([a-z\u00b5\u03bc$\u00a2]*)", re.IGNORECASE)
_MILLISECONDS = re.compile(r"(^|[\W_])(ms|millis\w*)($|[\W_])|Ms$")
_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "\u00b5s", "\u03bcs"), 1e-6),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
}
_DOLLARS = {**dict.fromkeys(("usd", "$", "dollar", "dollars"), 1.0), **dict.fromkeys(("\u00a2", "cent", "cents"), 0.01)}


def as_seconds(cell: Any, column: str) -> float | None:
    """A latency such as `0.7`, `0.7s` and `120 ms`; None if it is none.

    Without a unit it is in milliseconds where the column's name has the word `ms`, else in seconds.
    """
    number, unit = _split(cell)
    bare = 1e-3 if counts_milliseconds(column) else 1.0
    return _times(number, _SECONDS.get(unit.lower()) if unit else bare)


@lru_cache(1_000)
def counts_milliseconds(column: str) -> bool:
    """Whether a column's name has the word `ms`."""
    return _MILLISECONDS.search(column) is not None


def as_dollars(cell: Any) -> float | None:
    """A cost such as `0.01`, `$0.01` and `0.02 USD`; None if it is none, or in another currency."""
    number, unit = _split(cell)
    return _times(number, _DOLLARS.get(unit.lower()) if unit else 1.0)


def as_count(cell: Any) -> int | None:
    """A number of tokens; None if it is none."""
    number = as_number(cell)
    return None if number is None or number < 0 else int(number)


def _split(cell: Any) -> tuple[float | None, str]:
    """The number of a cell, and its unit."""
    match = _AMOUNT.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if match is None:
        return as_number(cell), ""
    return as_number(match[2]), match[3] or ("$" if match[1] else "")


def _times(number: float | None, factor: float | None) -> float | None:
    if number is None or number < 0 or factor is None:
        return None
    return number / round(1 / factor) if factor < 1 else number * factor
