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
_LONGEST = 30


class SummaryRows:
    """Tells which rows of a table sum up others, by what its columns hold."""

    def __init__(self, columns: Columns) -> None:
        named = [columns.datapoint, *columns.inputs]
        self._about = [name for name in (*named, *columns.targets) if name]
        self._labels = [name for name in (*named, *columns.run) if name]
        self._outputs = [run.output for run in columns.runs if run.output]

    def label(self, cells: Mapping[str, Any]) -> str | None:
        """The word that names a summary where others have an id, an input, a run or a number, and no output.

        None for others.
        """
        first = next(iter(cells), "")  # may be a number of rows, such as under `#`, that has no other role
        for name in self._labels if self._labels and not self._about else (*self._labels, first):
            cell = cells.get(name)
            if isinstance(cell, str) and len(cell) <= _LONGEST and cell.strip().rstrip(":").lower() in _WORDS:
                return cell if self._is_bare(cells, cell) else None
        return None

    def _is_bare(self, cells: Mapping[str, Any], label: str) -> bool:
        """Whether a row has no output, and nothing of a datapoint but the label."""
        about = (cells.get(name) for name in self._about)
        return all(is_missing(cells.get(name)) for name in self._outputs) and all(
            is_missing(cell) or cell is label for cell in about
        )
