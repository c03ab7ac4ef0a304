"""The rows of a SELECT as an answer: a table, and how many rows are left out."""

import re
from collections.abc import Sequence
from typing import Any

from evals_mcp.answers.frame.answer import Answer
from evals_mcp.answers.frame.detail import Row
from evals_mcp.answers.frame.figures import count, number
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.answers.frame.tokens import share
from evals_mcp.answers.subjects import subject
from evals_mcp.answers.values import field_value
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.sql import SqlRows
from evals_mcp.truncation import full_length

_NULL: Quoted = "-"
_SHORT = 40  # characters; such a text is shown whole
_WORD = 12  # characters; a longer text with less room shows only …
_DIGITS = 4
_WITHOUT_VERDICTS: Quoted = (
    "passed is null: no evaluator gives a verdict beside its judgment. Use boolean, number or option."
)


def summarize_query(evaluation: ResolvedEvaluation, sql: str, found: SqlRows, budget: int) -> Quoted:
    """The rows in order, a line each, with `-` for null. `sql` is what was asked."""
    answer = Answer(budget)
    total = len(found.rows) + found.left_out
    amount = count(total, "row") if found.counts_all else f"more than {count(total, 'row')}"
    answer.head(f"{subject(evaluation)[:-1]}: {amount}.")
    if re.search(r"\bpassed\b", sql, re.IGNORECASE) and not _has_verdicts(evaluation):
        answer.note(_WITHOUT_VERDICTS)
    for note in evaluation.notes:
        answer.note(note)
    if not found.rows:
        answer.line(f"Columns: {', '.join(map(name, found.columns))}.")
        return answer.text()
    answer.rows(
        [_row(values) for values in found.rows],
        lambda shown: _left_out(total - shown, shown, is_exact=found.counts_all),
        header=" | ".join(map(name, found.columns)),
        on_cut="… marks cut text. Show more: fewer rows or columns, substr(text, from, length), or max_tokens.",
    )
    return answer.text()


def _has_verdicts(evaluation: ResolvedEvaluation) -> bool:
    return any(figures.num_passed is not None for run in evaluation.runs for figures in run.stats)


def _left_out(amount: int, shown: int, *, is_exact: bool) -> Quoted:
    """How many rows are left out, and how to get them."""
    if not amount and is_exact:
        return ""
    words = count(amount, "more row") if is_exact else f"More than {count(amount, 'more row')}"
    return f"{words}: aggregate, or repeat the SQL with ORDER BY and OFFSET {count(shown).replace(',', '')}."


def _row(values: Sequence[Any]) -> Row:
    """A row with its long texts as far as there is room."""
    needs = [full_length(value) if _is_long(value) else 0 for value in values]

    def render(limit: int) -> Quoted:
        rooms = share(limit, needs)
        return " | ".join(_cell(value, room) for value, room in zip(values, rooms, strict=True))

    return Row(render, sum(needs))


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and full_length(value) > _SHORT


def _cell(value: Any, room: int) -> Quoted:
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number(value, _DIGITS)
    if _is_long(value) and room < _WORD:
        return "…"
    return field_value(value, room if _is_long(value) else _SHORT).replace("|", "\\|")
