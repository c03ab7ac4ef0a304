"""The type that a column's values have as judgments."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from evals_mcp.importers.tables.cells import as_boolean, column_key, is_missing
from evals_mcp.importers.tables.numbers import is_number

ScoreType = Literal["boolean", "number", "select", "text"]

METADATA = re.compile(r"meta(data)?[._].*", re.IGNORECASE)
"""The names of columns that are metadata whatever they hold."""

_MOST_OPTIONS = 12
_LONGEST_OPTION = 30
_FAILURE = re.compile(r"\W*(error|exception|time.?out|invalid|pars|crash|null|unknown|\?|$)")
_MOST_CELLS = 0.8
_HALF = 0.5
_NO_SCORES = frozenset(
    (
        *("prompt_tokens", "input_tokens", "output_tokens", "completion_tokens", "total_tokens", "reasoning_tokens"),
        *("cached_tokens", "log", "log_id", "created_at", "finish_reason"),
    )
)
_INDEX = re.compile(r"(unnamed.*|index|row|row_number|#|n|number)", re.IGNORECASE)
_NAMES_A_SCORE = re.compile(
    r"(?:^|_)(?:scores?|correct(?:ness)?|pass(?:ed)?|quality|ratings?|rated|accuracy|accurate|grades?|judge|judgment|"
    r"verdict|f1|relevan(?:ce|cy)|faithful(?:ness)?|helpful(?:ness)?|groundedness|ok|success)(?:_|$)"
)


def names_a_score(column: str) -> bool:
    """Whether a column reads as judgments: `score_a`, `is correct`, `metrics.f1`."""
    return _NAMES_A_SCORE.search(column_key(column)) is not None


def score_type(column: str, values: Sequence[Any]) -> ScoreType | None:
    """The type of a column's judgments, or None if they hardly are judgments.

    Most cells decide, so that a single bad one is a failed judgment and changes nothing else: four of five, or more
    than half where the column reads as a score. A third word that comes again beside true and false is an option.
    """
    if _INDEX.fullmatch(column) or METADATA.fullmatch(column) or column_key(column) in _NO_SCORES:
        return None
    values = [value for value in values if not is_missing(value)]
    if not values:
        return None
    booleans = sum(as_boolean(value) is not None for value in values) / len(values)
    numbers = sum(is_number(value) for value in values) / len(values)
    most = max(booleans, numbers)
    options = _are_options(values)
    if options and numbers < most < 1 and _has_third_option(values):
        return "select"
    if most >= _MOST_CELLS or (most > _HALF and names_a_score(column)):
        return "boolean" if booleans == most else "number"
    return "select" if options else None


def _are_options(values: Sequence[Any]) -> bool:
    if not all(isinstance(value, str) and len(value) <= _LONGEST_OPTION for value in values):
        return False
    different = len(set(values))
    return different <= _MOST_OPTIONS and different * 3 <= len(values)


def _has_third_option(values: Sequence[str]) -> bool:
    """Whether a word beside those for true and false comes again, such as `partial`. A word for a failure is none."""
    words = Counter(value.strip().lower() for value in values if as_boolean(value) is None)
    return any(count > 1 and not _FAILURE.match(word) for word, count in words.items())
