"""Why no log or datapoint meets the conditions of a call: which of them excludes all."""

from collections.abc import Awaitable, Callable, Sequence

from evals_mcp.answers.frame.figures import listed
from evals_mcp.answers.frame.quoting import Quoted, cell, name, quote
from evals_mcp.errors import EvalsError
from evals_mcp.lookup.condition_names import read_subject
from evals_mcp.lookup.lookup import Lookup
from evals_mcp.lookup.names import quoted
from evals_mcp.lookup.written_conditions import read_condition
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow

_MOST = 8
"""Conditions that are tried alone."""

_EXAMPLES: dict[str, Quoted] = {"boolean": "true", "number": "3"}

Count = Callable[[list[str]], Awaitable[int]]


async def why_none(
    lookup: Lookup, evaluation: ResolvedEvaluation, where: Sequence[str], count_matches: Count
) -> list[Quoted]:
    """Notes for conditions that together match nothing. `count_matches` asks for some of them."""
    if not where:
        return []
    alone = [text for text in where[:_MOST] if len(where) == 1 or not await count_matches([text])]
    notes = [note for text in alone for note in await _values(lookup, evaluation, text)]
    if len(where) == 1:
        return notes
    if not alone:
        tried = "Each condition alone matches something; together they match nothing."
        return [tried] if len(where) <= _MOST else []
    return [f"Alone, too, nothing matches {listed([quoted(text) for text in alone], _MOST)}.", *notes]


async def _values(lookup: Lookup, evaluation: ResolvedEvaluation, text: str) -> list[Quoted]:
    """The frequent values of the field that a condition names, and how judgments are named instead of explanations."""
    try:
        written = read_condition(text)
        subject = await read_subject(lookup, evaluation, written)
    except EvalsError:
        return []
    if written.operator == "~" and subject.evaluator is not None and subject.evaluator.return_type != "text":
        return [_of_explanations(evaluation, subject.evaluator)]
    if subject.kind != "field" or not subject.values or subject.part is None:
        return []
    field = f"{subject.part} {cell(subject.key)}" if subject.key else subject.part
    values = listed([quote(value, 40) for value in subject.values], _MOST)
    return [f"Values of {field}: {values}{', …' if len(subject.values) >= _MOST else ''}."]


def _of_explanations(evaluation: ResolvedEvaluation, row: EvaluatorRow) -> Quoted:
    label = name(evaluation.evaluator_labels[row.version_id])
    options = listed([quote(option, 40) for option in row.options], _MOST)
    example = _EXAMPLES.get(row.return_type, "OPTION")
    of: Quoted = f" Options: {options}." if row.options else ""
    return f"{label}~ searches explanations. For judgments, write {label}={example}.{of}"
