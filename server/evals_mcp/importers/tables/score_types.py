"""The type that a column's values have as judgments."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal

from evals_mcp.importers.tables.cells import as_boolean, column_key, is_missing
from evals_mcp.importers.tables.column_names import (
    EXPLANATIONS,
    NO_OPTIONS,
    NO_SCORES,
    names_measure,
    names_reviewer,
    names_setting,
)
from evals_mcp.importers.tables.numbers import is_fraction, is_number

ScoreType = Literal["boolean", "number", "select", "text"]

METADATA = re.compile(r"meta(data)?[._].*", re.IGNORECASE)
"""The names of columns that are metadata whatever they hold."""

LONGEST_NAME = 200
"""Characters of the longest name of a column that is taken for an evaluator's."""

_MOST_OPTIONS = 12
_LONGEST_OPTION = 30
_HASHABLE = (str, int, float)
_FEWER = 3  # cells for each option
_REMARK = re.compile(rf"(?:^|_){EXPLANATIONS}$")
_FAILURE = re.compile(r"\W*(error|exception|time.?out|invalid|pars|crash|null|unknown|\?|$)")
_MOST_CELLS = 0.8
_HALF = 0.5
_INDEX = re.compile(
    r"(unnamed.*|column \d+|index|row|row_number|#|n|nr\.?|no\.?|number|.*[\s_.-]id|.*[\s_.-]at)", re.IGNORECASE
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}.*")
_MOST_WORDS = 4
_NAMES_A_SCORE = re.compile(
    r"(?:^|_)(?:scores?|correct(?:ness)?|pass(?:ed)?|quality|ratings?|rated|accuracy|accurate|grades?|judge|judgment|"
    r"verdict|f1|relevan(?:ce|cy)|faithful(?:ness)?|helpful(?:ness)?|groundedness|ok|success)(?:_|$)"
)


def names_a_score(column: str) -> bool:
    """Whether a column reads as judgments: `score_a`, `is correct`, `metrics.f1`."""
    return _NAMES_A_SCORE.search(column_key(column)) is not None


class TypeTally:
    """Learns from the cells of a column, one by one, the type that they have as judgments."""

    def __init__(self) -> None:
        self._count = self._booleans = self._numbers = self._fractions = 0
        self._options: Counter[str] | None = Counter()

    def add(self, cell: Any) -> None:
        """Learn from one cell."""
        if is_missing(cell):
            return
        self._count += 1
        boolean, number, fraction = _readings(cell) if isinstance(cell, _HASHABLE) else (False, False, False)
        self._booleans += boolean
        self._numbers += number
        self._fractions += fraction
        if self._options is not None and _can_be_option(cell):
            self._options[cell] += 1
        else:
            self._options = None
        if self._options is not None and len(self._options) > _MOST_OPTIONS:
            self._options = None

    @property
    def is_filled(self) -> bool:
        """Whether any cell holds a judgment."""
        return self._count > 0

    def type(self, column: str) -> ScoreType | None:
        """The type of the judgments, or None if the cells hardly are judgments.

        Most cells decide, so that a single bad one is a failed judgment and changes nothing else: four of five, or more
        than half where the column reads as a score. A third word that comes again beside true and false is an option.
        """
        if _is_no_score(column):
            return None
        if not self._count or not column.strip() or column.endswith(".") or len(column) > LONGEST_NAME:
            return None
        is_score = names_a_score(column)
        numbers = (self._numbers + (self._fractions if is_score else 0)) / self._count
        booleans = self._booleans / self._count
        most = max(booleans, numbers)
        if booleans < numbers == most and names_measure(column):
            return None
        options = not _tells_about(column) and self._has_options()
        if options and numbers < most < 1 and self._has_third_option():
            return "select"
        if most >= _MOST_CELLS or (most > _HALF and is_score):
            return "boolean" if booleans == most else "number"
        return "select" if options else None

    def _has_options(self) -> bool:
        return self._options is not None and len(self._options) * _FEWER <= self._count

    def _has_third_option(self) -> bool:
        """Whether a word beside those for true and false comes again, such as `partial`. A failure is none."""
        words: Counter[str] = Counter()
        for cell, count in (self._options or {}).items():
            if as_boolean(cell) is None:
                words[cell.strip().lower()] += count
        return any(count > 1 and not _FAILURE.match(word) for word, count in words.items())


def score_type(column: str, values: Iterable[Any]) -> ScoreType | None:
    """The type of a column's judgments (see `TypeTally`)."""
    tally = TypeTally()
    for value in values:
        tally.add(value)
    return tally.type(column)


@lru_cache(10_000)
def _readings(cell: str | float) -> tuple[bool, bool, bool]:
    """Whether a cell is a boolean, a number, and a fraction."""
    return as_boolean(cell) is not None, is_number(cell), is_fraction(cell)


def is_known_metadata(column: str) -> bool:
    """Whether a column's name alone tells that it has neither inputs, outputs nor scores."""
    return _is_no_score(column) or _tells_about(column) or names_measure(column)


def _is_no_score(column: str) -> bool:
    return bool(_INDEX.fullmatch(column) or METADATA.fullmatch(column)) or column_key(column) in NO_SCORES


def _tells_about(column: str) -> bool:
    """Whether a column of texts has people, states, settings or remarks, such as `Reviewer` and `Judge Rationale`."""
    key = column_key(column)
    names_person = key in NO_OPTIONS or names_reviewer(column) is not None
    return names_person or _REMARK.search(key) is not None or names_setting(column)


def _can_be_option(cell: Any) -> bool:
    if not isinstance(cell, str) or len(cell) > _LONGEST_OPTION:
        return False
    return _DATE.fullmatch(cell.strip()) is None and len(cell.split()) <= _MOST_WORDS
