"""Columns of a table with a row for each datapoint: which run each output, score and figure is of."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals_mcp.importers.tables.cells import column_key, is_missing
from evals_mcp.importers.tables.column_names import NAMES, names_explanation, rest_of, run_in
from evals_mcp.importers.tables.columns import RunColumns
from evals_mcp.importers.tables.numbers import is_number
from evals_mcp.importers.tables.score_columns import ScoreColumn
from evals_mcp.importers.tables.score_types import METADATA, ScoreType, names_a_score

_VERSION = re.compile(
    r"(?:(?:openai|anthropic|google|meta|mistralai)/)?(?:chat)?(?:gpt|claude|gemini|llama|mistral|mixtral|qwen|deepseek|"
    r"grok|phi|gemma|falcon|palm|command[ -]?r|nova|kimi|glm|sonnet|opus|haiku|o[1345](?:$|[ -]))[\w .:/+-]*|"
    r"(?:model|version|variant|prompt|system|v)[ _-]?(?:[a-z]|\d[\d.]*)",
    re.IGNORECASE,
)
ScoreTypes = Callable[[Sequence[str]], ScoreType | None]
"""Tells the type of the judgments in columns of one evaluator."""


def wide_outputs(columns: Sequence[str], values: dict[str, list[Any]]) -> dict[str, str]:
    """The output columns by the runs that they name: `answer_b`, `b output`, or `gpt-4o` beside `gpt-4o rating`."""
    named = {label: column for column in columns if (label := run_in(column)) is not None}
    if len(named) > 1:
        return named
    judged = [
        column
        for column in columns
        if any((word := rest_of(other, column)) and names_a_score(word) for other in columns if other != column)
    ]
    models = [column for column in columns if _VERSION.fullmatch(column.strip())]
    for found in (judged, models):
        texts = [column for column in found if _holds_texts(values[column])]
        if len(texts) > 1:
            return {column: column for column in texts}
    return {}


def scored_runs(columns: Sequence[str], values: dict[str, list[Any]]) -> list[str]:
    """The columns that are called like versions and hold scores only: `gpt-4o` and `claude` of a leaderboard."""
    named = [name for name in columns if _VERSION.fullmatch(name.strip()) and _holds_scores(values[name])]
    return named if len(named) > 1 else []


def _holds_scores(values: Sequence[Any]) -> bool:
    filled = [value for value in values if not is_missing(value)]
    return bool(filled) and all(is_number(value) for value in filled)


def _holds_texts(values: Sequence[Any]) -> bool:
    filled = [value for value in values if not is_missing(value)]
    return all(isinstance(value, str) for value in filled) and not _holds_scores(values)


@dataclass(slots=True)
class WideRun:
    """Takes the columns of one run of several; `labels` are those of all."""

    run: RunColumns
    labels: Sequence[str]
    explanations: dict[str, str] = field(default_factory=dict)

    def take(self, column: str, columns: Sequence[str], score_type: ScoreTypes) -> bool:
        """Take a column if it is of this run, given all columns. Explanations wait for `explain`."""
        word = rest_of(column, self.run.label or "")
        if word is None or METADATA.fullmatch(column):
            return False
        key = column_key(word)
        if key in NAMES["error"]:
            self.run.error = column
        elif key in NAMES["latency"]:
            self.run.latency = column
        elif key in NAMES["cost"]:
            self.run.cost = column
        elif (type := score_type(_alike(word, self.labels, columns))) is not None:
            self.run.scores.append(ScoreColumn(column, type, name=word))
        elif (explained := names_explanation(word)) is not None:
            self.explanations[explained] = column
        else:
            return False
        return True

    def explain(self) -> None:
        """Give the scores their explanations: `reason_b` is that of the only score, or the first one."""
        for base, column in self.explanations.items():
            scores = [score for score in self.run.scores if not base or column_key(score.name or "") == base]
            for score in scores[:1]:
                score.explanation = column


def _alike(word: str, labels: Sequence[str], columns: Sequence[str]) -> list[str]:
    """The columns of one evaluator in all runs, which have one type: `score_a` and `score_b`."""
    return [column for column in columns for label in labels if rest_of(column, label) == word]
