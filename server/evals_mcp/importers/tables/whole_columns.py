"""What all cells of a column tell, not only those that told its role: its type, and how it writes numbers."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from evals_mcp.importers.tables.amounts import counts_milliseconds
from evals_mcp.importers.tables.columns import Columns
from evals_mcp.importers.tables.numbers import NumberTally
from evals_mcp.importers.tables.score_columns import ScoreColumn
from evals_mcp.importers.tables.score_types import TypeTally


class WholeColumns:
    """Learns from rows, one by one, and settles the types of scores, and how numbers are written.

    With `decimal_commas`, the file is likely to have them; with `commas_beside`, columns of metadata have them.
    """

    def __init__(self, columns: Columns, *, decimal_commas: bool, commas_beside: bool = False) -> None:
        self._columns = columns
        self._decimal_commas = decimal_commas
        self._commas_beside = commas_beside
        self._scores = [score for run in columns.runs for score in run.scores]
        self._types: defaultdict[str, TypeTally] = defaultdict(TypeTally)
        self._numbers: defaultdict[str, NumberTally] = defaultdict(NumberTally)
        self._guessed = [(score.column, self._types[_evaluator(score)]) for score in self._scores if not score.is_sure]
        names = [*(score.column for score in self._scores), *self._figures()]
        self._numeric = [(name, self._numbers[name]) for name in names]

    def add(self, row: Mapping[str, Any]) -> None:
        """Learn from one row."""
        for name, types in self._guessed:
            if name in row:
                types.add(row[name])
        for name, numbers in self._numeric:
            if name in row:
                numbers.add(row[name])

    def settle(self) -> None:
        """Set the types and notations in the columns. A column of hardly any judgments of one type has texts."""
        write = partial(
            NumberTally.numbers,
            decimal_commas=self._decimal_commas,
            others_have_commas=self._commas_beside
            or any(numbers.has_decimal_commas for numbers in self._numbers.values()),
        )
        for score in self._scores:
            if not score.is_sure and self._types[_evaluator(score)].is_filled:
                score.type = self._types[_evaluator(score)].type(score.column) or "text"
            score.numbers = write(self._numbers[score.column])
        tokens = (self._columns.prompt_tokens, self._columns.output_tokens)
        for name in self._figures():
            whole = name in tokens or counts_milliseconds(name)
            self._columns.numbers[name] = write(self._numbers[name], whole=whole)

    def _figures(self) -> Iterator[str]:
        """The columns of latency, cost and tokens."""
        for run in self._columns.runs:
            yield from (name for name in (run.latency, run.cost) if name is not None)
        yield from (name for name in (self._columns.prompt_tokens, self._columns.output_tokens) if name is not None)


def _evaluator(score: ScoreColumn) -> str:
    return score.name or score.column
