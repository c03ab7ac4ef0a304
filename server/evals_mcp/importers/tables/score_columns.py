"""Columns of scores: their names, what stands beside them, and what a caller says of them."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from evals_mcp.importers.tables.cells import column_key
from evals_mcp.importers.tables.numbers import Numbers
from evals_mcp.importers.tables.score_types import ScoreType

_SCORES = re.compile(r"^(scores?|metrics|evaluations|judgments)[._](?=.)", re.IGNORECASE)
OF_OBJECT = "#"
"""Stands before the name of a part in the column of a judgment that was an object."""

_DIRECTIONS = ("higher", "lower")
_OF_PEOPLE = "human"
_TYPES = ("boolean", "number", "select", "text")
_STATES = ("error", "abstained")
_VERDICTS = ("score", "passed", "threshold")
OF_NUMBER = frozenset(("passed", "threshold"))


@dataclass(slots=True)
class ScoreColumn:
    """A column of judgments, their type, and the column that explains them, if any.

    `beside` has the columns of a judgment's other parts in a table that `evals-mcp export` wrote: why there is none
    (`error`, `abstained`), and its `score`, `passed` and `threshold`. `numbers` tells how its cells write numbers.
    The type `is_sure` if the caller names it, or other columns tell it. The column `author` names who judged.
    """

    column: str
    type: ScoreType
    explanation: str | None = None
    name: str | None = None
    beside: dict[str, str] = field(default_factory=dict)
    numbers: Numbers = field(default_factory=Numbers)
    is_sure: bool = False
    author: str | None = None


def names_score(column: str) -> bool:
    """Whether a column is one of scores by its name, whatever it holds."""
    return _SCORES.match(column) is not None and not tells_state(column)


def tells_state(column: str) -> bool:
    """Whether a column has the failures or abstentions of a score."""
    return _SCORES.match(column) is not None and column_key(column).endswith(tuple(f"_{state}" for state in _STATES))


def parts_beside(column: str, left: Collection[str], *, is_export: bool) -> dict[str, str]:
    """The columns of a score's other parts: those of an object, and verdicts only in an exported table."""
    of_object = {part: name for part in (*_STATES, *_VERDICTS) if (name := f"{column}{OF_OBJECT}{part}") in left}
    if of_object or not _SCORES.match(column):
        return of_object
    parts = (*_STATES, *_VERDICTS) if is_export else _STATES
    return {part: name for part in parts if (name := f"{column}.{part}") in left}


def is_part_of_object(column: str, columns: Collection[str]) -> bool:
    """Whether a column has a part of a judgment that is an object, in another column."""
    return OF_OBJECT in column and column.rpartition(OF_OBJECT)[0] in columns


def is_part(column: str, columns: Collection[str]) -> bool:
    """Whether a column of an exported table is a part of a score in another one."""
    score, _, part = column.rpartition(".")
    return part in (*_STATES, *_VERDICTS) and score in columns and _SCORES.match(score) is not None


def score_name(column: str) -> str:
    """The name of the evaluator in a column: `f1` for `scores.f1`."""
    return _SCORES.sub("", column)


def score_directions(scores: Iterable[str]) -> dict[str, bool]:
    """Whether higher is better, by evaluator, where the mark `higher` or `lower` says so."""
    return {
        score_name(score_choice(text)[0]): mark == "higher"
        for text in scores
        for mark in _marks(text).words
        if mark in _DIRECTIONS
    }


def scores_of_people(scores: Iterable[str]) -> set[str]:
    """The evaluators that are people, by the mark `human`."""
    return {score_name(score_choice(text)[0]) for text in scores if _OF_PEOPLE in _marks(text).words}


def score_authors(scores: Iterable[str]) -> dict[str, str]:
    """The columns that name the people, by evaluator, where the caller says so: `label:human:reviewer`."""
    return {score_name(score_choice(text)[0]): author for text in scores if (author := _marks(text).author)}


def has_only_marks(text: str) -> bool:
    """Whether a caller's words such as `f1:higher` say how to read a score, and leave columns and types to a guess."""
    return bool(_marks(text).words) and score_choice(text)[1] is None


def score_choice(text: str) -> tuple[str, ScoreType | None]:
    """The column that a caller names, and its type if he says it."""
    text = _marks(text).text
    name, _, type = text.rpartition(":")
    if name and type in _TYPES:
        return name, type  # type: ignore[return-value]
    return text, None


class _Marks(NamedTuple):
    """A caller's words without the marks at their end, these, and the column of authors."""

    text: str
    words: list[str]
    author: str | None


def _marks(text: str) -> _Marks:
    marks: list[str] = []
    author = None
    name, _, mark = text.rpartition(":")
    while name:
        if mark in (*_DIRECTIONS, _OF_PEOPLE):
            text = name
        elif name.endswith(f":{_OF_PEOPLE}") and mark not in _TYPES:
            text, author, mark = name.removesuffix(f":{_OF_PEOPLE}"), mark, _OF_PEOPLE
        else:
            break
        marks.append(mark)
        name, _, mark = text.rpartition(":")
    return _Marks(text, marks, author)
