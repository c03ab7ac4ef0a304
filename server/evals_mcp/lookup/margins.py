"""The margins of a verdict as written: `5 points`, `0.2 sd`, `helpfulness=0.3`. Pure."""

import math
import re
from collections.abc import Sequence

from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.errors import Invalid
from evals_mcp.lookup.evaluators import find_evaluator
from evals_mcp.lookup.names import quoted
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.verdicts import DEFAULT_MARGINS, Margins

_VALUE = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*(points?|sd)?\s*", re.IGNORECASE)


def read_margins(evaluation: ResolvedEvaluation, evaluators: Sequence[EvaluatorRow], words: Sequence[str]) -> Margins:
    """The margins for these evaluators. Raises Invalid and NotFound with what to write instead."""
    rate, deviations, stated = DEFAULT_MARGINS.rate, DEFAULT_MARGINS.deviations, dict[str, float]()
    for word in words:
        left, equals, right = word.rpartition("=")
        value, unit = _value(right, word)
        if equals:
            row = find_evaluator(evaluation, _unquoted(left))
            stated[row.version_id] = _of(row, value, unit, word)
        elif unit == "sd":
            deviations = value
        elif unit == "points":
            rate = _rate(value / 100, word)
        else:
            kinds = {row.return_type == "number" for row in evaluators if row.return_type != "text"}
            if kinds != {False}:
                raise Invalid(f"margin: {quoted(word)} has no unit. {_forms(evaluation, evaluators)}")
            rate = _rate(value, word)
    return Margins(rate, deviations, stated)


def _value(text: str, word: str) -> tuple[float, str]:
    found = _VALUE.fullmatch(text)
    number = math.nan if found is None else float(found[1])
    if found is None or not math.isfinite(number):
        raise Invalid(f'margin: {quoted(word)} is no margin. Write "5 points", "0.2 sd", or "NAME=0.3".')
    unit = (found[2] or "").lower()
    return number, "points" if unit.startswith("point") else unit


def _of(row: EvaluatorRow, value: float, unit: str, word: str) -> float:
    """A margin in the unit of an evaluator."""
    if row.return_type == "number":
        if unit:
            raise Invalid(f"margin: {quoted(word)}: write a number in the evaluator's own unit, without {name(unit)}.")
        return value
    if unit == "sd":
        raise Invalid(f"margin: {quoted(word)}: this evaluator gives a rate. Write points.")
    return _rate(value / 100 if unit else value, word)


def _rate(value: float, word: str) -> float:
    if value > 1:
        raise Invalid(f"margin: {quoted(word)}: a rate is from 0 to 1. Write 0.05 or 5 points.")
    return value


def _unquoted(text: str) -> str:
    stripped = text.strip()
    is_quoted = len(stripped) > 1 and stripped[0] == stripped[-1] == '"'
    return re.sub(r"\\(.)", r"\1", stripped[1:-1], flags=re.DOTALL) if is_quoted else stripped


def _forms(evaluation: ResolvedEvaluation, evaluators: Sequence[EvaluatorRow]) -> Quoted:
    numbers = [row for row in evaluators if row.return_type == "number"]
    named = f"{evaluation.evaluator_labels[numbers[0].version_id]}=0.3" if numbers else "NAME=0.3"
    return f"Write {quote('5 points')} for rates, {quote('0.2 sd')} for numbers, or {quote(named)} for one."
