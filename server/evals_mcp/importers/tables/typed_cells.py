"""Cells with types, of JSON and Parquet, as values that JSON and a database can hold."""

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

_PLAIN = (str, bool, int)


def plain_cells(cells: Mapping[str, Any]) -> dict[str, Any]:
    """The cells as JSON has them. A number out of range is its text, so that it is no number, and told as one cell.

    Raises ValueError for bytes that are no text.
    """
    return {name: cell if isinstance(cell, _PLAIN) else plain(cell) for name, cell in cells.items()}


def plain(value: Any) -> Any:
    """A value as JSON has it. Raises ValueError for bytes that are no text."""
    match value:
        case float():
            return value if math.isfinite(value) or math.isnan(value) else json.dumps(value)
        case dict():
            return {str(name): _inner(item) for name, item in value.items()}
        case list() | tuple():
            return [_inner(item) for item in value]
        case bytes():
            return value.decode()
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
    return value


def _inner(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else plain(value)


def without_bytes(cells: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The cells of a row as JSON has them, and those of bytes that are no text, as Python writes them."""
    read: dict[str, Any] = {}
    unread: dict[str, str] = {}
    for name, cell in cells.items():
        try:
            read[name] = plain(cell)
        except ValueError:
            unread[name] = repr(cell)
    return read, unread
