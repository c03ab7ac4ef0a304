"""What the exports of experiments have in common: rows whose cells hold JSON, times, and judgments by name."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evals_mcp.importers.results import EvaluatorKind, Score, as_object, as_text, time_of
from evals_mcp.importers.tables.cells import as_flag, as_number, is_missing
from evals_mcp.importers.text_files import encoding_of, read_head

ENDINGS = (".csv", ".json", ".jsonl", ".ndjson")

Kinds = Mapping[str, EvaluatorKind]
"""The kinds of evaluators by their names in a format."""


def names_columns(path: Path, *columns: str) -> bool:
    """Whether a file of rows begins with all of these columns: in the header of a CSV, or as keys of JSON."""
    ending = path.suffix.lower()
    head = read_head(path)
    if ending not in ENDINGS or b"\x00" in head:
        return False
    text = head.decode(encoding_of(path), errors="replace")
    if ending != ".csv":
        return all(f'"{column}"' in text for column in columns)
    header = [cell.strip('" \r') for cell in text.partition("\n")[0].split(",")]
    return all(column in header for column in columns)


def decoded(cell: Any) -> Any:
    """The value of a cell, read as JSON if it is an object, a list or a quoted text. None if it is empty."""
    if isinstance(cell, str) and cell.lstrip()[:1] in ("{", "[", '"'):
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell
    return None if is_missing(cell) else cell


def _text_or_value(cell: Any) -> Any:
    """The same, where a text such as `None` is itself."""
    return cell if isinstance(cell, str) and is_missing(cell) else decoded(cell)


def under_name(value: Any, name: str) -> dict[str, Any]:
    """A value as inputs or target: an object as it is, another one under a name, nothing as an empty object."""
    value = _text_or_value(value)
    return {} if value is None else dict(value) if isinstance(value, dict) else {name: value}


def output_text(value: Any) -> str | None:
    """An output as text: that of an object with one text, else JSON."""
    value = _text_or_value(value)
    if isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value.values())), str):
        return str(next(iter(value.values())))
    return None if value is None else as_text(value)


def columns_below(cells: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The cells whose columns begin with a prefix, by the rest of the name."""
    return {name.removeprefix(prefix): decoded(cell) for name, cell in cells.items() if name.startswith(prefix)}


def nested(cells: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object that has a cell, or a cell for each of its keys, such as `scores.f1`."""
    return {**as_object(decoded(cells.get(name))), **columns_below(cells, f"{name}.")}


def id_of(value: Any) -> str | None:
    """An id as text; None if there is none."""
    return None if is_missing(value) else as_text(value)


def error_text(cell: Any, column: str = "error") -> str | None:
    """The text of an error; None if there is none. A mark that there was one says so with the column's name."""
    flag = as_flag(cell)
    if is_missing(cell) or flag is False:
        return None
    return f"{column}: {as_text(cell)}" if flag else as_text(cell)


def number(cell: Any) -> float | None:
    """A cell as a number; None if it is none."""
    found = as_number(cell)
    return None if found is None or isinstance(cell, bool) else float(found)


def count(cell: Any) -> int | None:
    """A cell as a number of tokens; None if it is none."""
    found = number(cell)
    return None if found is None else int(found)


def score_of(name: Any, judgment: Any, comment: Any, kind: EvaluatorKind | None, **about: Any) -> Score:
    """A judgment with its comment. One of an unknown kind comes from outside."""
    return Score(str(name), judgment, None if comment is None else as_text(comment), kind=kind or "external", **about)


def seconds_between(start: Any, end: Any) -> float | None:
    """The seconds from one time to another; None if one is not there."""
    first, last = time_of(start), time_of(end)
    if first is None or last is None or (first.tzinfo is None) != (last.tzinfo is None):
        return None
    return (last - first).total_seconds()
