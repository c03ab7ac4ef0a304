"""Judgments that are objects, such as `{"score": 0.5, "reason": "thin"}`: a cell for each of their parts."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from evals_mcp.importers.tables.score_columns import OF_OBJECT

NESTED = ("scores", "metrics", "evaluations", "metadata", "judgments")
"""The names of objects whose values are cells of their own."""

_STRUCTURED = {dict, list}
_VALUES = ("judgment", "score", "value", "rating", "grade", "verdict", "label", "result", "passed", "success", "pass")
_EXPLANATIONS = ("explanation", "reason", "reasoning", "rationale", "comment", "feedback", "justification")
_PARTS = {"error": "error", "abstained": "abstained", "threshold": "threshold", "passed": "passed", "success": "passed"}
_NAMES = ("name", "metric", "evaluator", "key", "metric_name")


def with_judgments(cells: Mapping[str, Any]) -> Mapping[str, Any]:
    """The cells of a row, where judgments that are objects, or in a list by name, have a cell for each part."""
    if _STRUCTURED.isdisjoint(map(type, cells.values())):
        return cells
    return dict(chain.from_iterable(_parts(name, cell) for name, cell in cells.items()))


def _parts(column: str, cell: Any) -> Iterator[tuple[str, Any]]:
    parent = column.partition(".")[0].lower()
    if parent != "metadata" and _is_judgment(cell, bare=parent not in NESTED):
        return _cells(column, cell)
    if parent in NESTED and isinstance(cell, list) and (named := _named(column, cell)) is not None:
        return named
    return iter([(column, cell)])


def _is_judgment(value: Any, *, bare: bool = False) -> bool:
    """Whether an object is a judgment. One that is `bare` stands in a column of any name, so it must have no more."""
    if not isinstance(value, dict) or not any(name in value for name in _VALUES):
        return False
    return not bare or value.keys() <= {*_VALUES, *_EXPLANATIONS, *_PARTS, *_NAMES}


def _cells(column: str, value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The cells of a judgment: the column's own, its explanation and verdict beside it, and others as metadata."""
    own = next(name for name in _VALUES if name in value)
    yield column, value[own]
    explanation = next((name for name in _EXPLANATIONS if value.get(name) is not None), None)
    if explanation is not None:
        yield f"{column}.explanation", value[explanation]
    seen = {own, explanation, *_NAMES}
    parts = {"score": "score", **_PARTS}
    for name, cell in value.items():
        if name in seen or cell is None:
            continue
        part = parts.get(name)
        yield (f"{column}{OF_OBJECT}{part}", cell) if part else (f"metadata.{column.rpartition('.')[2]}.{name}", cell)


def _named(column: str, items: Sequence[Any]) -> Iterator[tuple[str, Any]] | None:
    """The cells of a list of judgments that have names. None if it is no such list."""
    named = [
        (next((item[name] for name in _NAMES if isinstance(item.get(name), str)), None), item)
        for item in items
        if _is_judgment(item)
    ]
    if not named or len(named) != len(items) or any(name is None for name, _ in named):
        return None
    return (cell for name, item in named for cell in _cells(f"{column}.{name}", item))
