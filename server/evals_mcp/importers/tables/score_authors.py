"""The columns that name who gave the judgments of a row."""

import re
from collections.abc import Mapping

from evals_mcp.errors import Invalid
from evals_mcp.importers.tables.cells import column_key
from evals_mcp.importers.tables.column_names import names_reviewer
from evals_mcp.importers.tables.columns import Chosen, Columns
from evals_mcp.importers.tables.score_columns import (
    ScoreColumn,
    score_authors,
    score_name,
    scores_of_people,
)

_OF_PEOPLE = re.compile(
    r"(?:^|_)(?:human|people|person|manual|expert|reviewer|annotator|annotation|rater|labell?er)(?:_|$)"
)
_AUTHOR = "author"  # of a judgment where the caller says that people judged; else maybe of a text


def add_authors(columns: Columns, chosen: Chosen, file: str) -> None:
    """Give the scores of people the column that names them, if the caller or the names of the columns tell it.

    Such a column stays metadata, because it may also name those who did not judge. Its name tells it if it is called
    like a score, such as `label reviewer` beside `label`, or if it is the only column of reviewers, beside scores of
    people or one score alone. Raises Invalid for a column that is not there.
    """
    scores = [score for run in columns.runs for score in run.scores]
    named = score_authors(chosen.scores)
    for author in named.values():
        if author not in columns.seen:
            names = ", ".join(map(repr, sorted(columns.seen)))
            raise Invalid(f"{file} has no column {author!r} of authors. Its columns: {names}.")
    reviewers = {name: of for name in columns.metadata if (of := names_reviewer(name)) is not None}
    authors = [name for name in columns.metadata if column_key(name) == _AUTHOR]
    marked, is_only = scores_of_people(chosen.scores), len({_evaluator(score) for score in scores}) == 1
    for score in scores:
        evaluator = _evaluator(score)
        found = _of_score(score, reviewers)
        if found is None and evaluator in marked:
            found = _only([*_shared(reviewers, scores)] or authors)
        elif found is None and (is_only or _OF_PEOPLE.search(column_key(evaluator))):
            found = _only([*_shared(reviewers, scores)])
        score.author = named.get(evaluator, found)


def _of_score(score: ScoreColumn, reviewers: Mapping[str, str]) -> str | None:
    keys = {column_key(score.column), column_key(_evaluator(score))}
    return _only([name for name, of in reviewers.items() if of in keys])


def _shared(reviewers: Mapping[str, str], scores: list[ScoreColumn]) -> list[str]:
    """The columns of reviewers that belong to no score by their names."""
    keys = {column_key(name) for score in scores for name in (score.column, _evaluator(score))}
    return [name for name, of in reviewers.items() if of not in keys]


def _only(names: list[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def _evaluator(score: ScoreColumn) -> str:
    return score.name or score_name(score.column)
