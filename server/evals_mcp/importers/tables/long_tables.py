"""Tables with a row for each score, such as melt of pandas makes them: one column would mix several metrics."""

from collections.abc import Mapping
from typing import Any

from evals_mcp.importers.results import NoResults, as_text
from evals_mcp.importers.tables.cells import column_key, is_missing
from evals_mcp.importers.tables.columns import Chosen, Columns

_NAMES = ("metric", "metric_name", "score_name", "variable")
_VALUES = ("value", "score", "metric_value", "score_value", "result", "judgment", "rating")
_LONGEST_SHOWN = 30


class OneMetric:
    """Sees to it that a column of scores holds those of one metric, unless the caller names it."""

    def __init__(self, columns: Columns, chosen: Chosen, file: str) -> None:
        scores = [score.column for run in columns.runs for score in run.scores if column_key(score.column) in _VALUES]
        names = sorted(name for name in columns.seen if column_key(name) in _NAMES and name not in scores)
        is_long = names and scores and not chosen.score_columns
        self._naming: str | None = names[0] if is_long else None
        self._value = scores[0] if is_long else ""
        self._file = file
        self._first: str | None = None

    def require(self, row: Mapping[str, Any]) -> None:
        """Raise NoResults for a row with the score of another metric than rows before."""
        if self._naming is None or is_missing(row.get(self._naming)) or is_missing(row.get(self._value)):
            return
        metric = as_text(row[self._naming])
        self._first = self._first or metric
        if metric != self._first:
            raise NoResults(
                f"{self._file} has a row for each score: {self._naming!r} names it, such as "
                f"{self._first[:_LONGEST_SHOWN]} and {metric[:_LONGEST_SHOWN]}, and {self._value!r} has it. Write a "
                "row for each output with a column for each score, such as with pivot of pandas. To read "
                f"{self._value!r} as one score nevertheless, name it with --score."
            )
