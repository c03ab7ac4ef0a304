"""Rows that sum up others, such as `Average` below a column of scores: no datapoints."""

from collections.abc import Mapping
from typing import Any

from evals_mcp.importers.tables.cells import is_missing
from evals_mcp.importers.tables.columns import Columns

_WORDS = frozenset(
    (
        *("average", "avg", "mean", "median", "total", "totals", "sum", "overall", "std", "stdev", "std dev", "stddev"),
        *(
            "standard deviation",
            "grand total",
            "average score",
            "mean score",
            "total score",
            "overall score",
            "summary",
        ),
        *("gesamt", "durchschnitt", "mittelwert", "summe", "moyenne", "total g\u00e9n\u00e9ral", "promedio", "media"),
    )
)


def is_summary(cells: Mapping[str, Any], columns: Columns) -> bool:
    """Whether a row names a summary where others have an id, an input or a run, and has no output."""
    label = summary_label(cells, columns)
    if label is None or any(not is_missing(cells.get(run.output)) for run in columns.runs if run.output):
        return False
    named = [columns.datapoint, *columns.inputs, *columns.targets]
    return all(is_missing(cell) or cell is label for cell in (cells.get(name) for name in named if name))


def summary_label(cells: Mapping[str, Any], columns: Columns) -> Any:
    """The cell that names a summary, such as `Average`. None if there is none."""
    names = [columns.datapoint, *columns.inputs, *columns.run, next(iter(cells), None)]
    for cell in (cells.get(name) for name in names if name):
        if isinstance(cell, str) and cell.strip().rstrip(":").lower() in _WORDS:
            return cell
    return None
