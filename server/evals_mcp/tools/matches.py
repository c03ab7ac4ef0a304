"""A judgment as a person writes it: `false`, `<3`, `2..4`, an option, `failed`; what it selects."""

import math
import re

from evals_mcp.errors import Invalid
from evals_mcp.models.review import EvaluatorRow, JudgmentMatch, JudgmentState

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_COMPARISON = re.compile(rf"(<=|>=|<|>|=|==|≤|≥)\s*({_NUMBER})")
_RANGE = re.compile(rf"({_NUMBER})\s*(?:\.\.|–|to)\s*({_NUMBER})")
_STATES: dict[str, JudgmentState] = {
    "judged": "judged",
    "failed": "failed",
    "error": "failed",
    "abstained": "abstained",
    "null": "abstained",
    "missing": "missing",
    "unjudged": "missing",
}


def read_match(text: str, evaluators: list[EvaluatorRow]) -> JudgmentMatch:
    """Which judgments a text selects, of these evaluators.

    Raises Invalid for a text that is no judgment, or that none of the evaluators can give.
    """
    written = text.strip()
    word = written.lower()
    options = {option.casefold(): option for row in evaluators for option in row.options}
    if written.casefold() in options:
        return JudgmentMatch(label=options[written.casefold()])
    if word in _STATES:
        return JudgmentMatch(state=_STATES[word])
    types = {row.return_type for row in evaluators}
    if word in ("true", "false") and "boolean" in types:
        value = 1.0 if word == "true" else 0.0
        return JudgmentMatch(low=value, high=value)
    if types & {"number", "boolean"} and (match := _numbers(written)) is not None:
        return match
    if any(row.return_type in ("select", "multi_select") and not row.options for row in evaluators):
        return JudgmentMatch(label=written)
    raise Invalid(f"judgment: {_allowed(types, list(options.values()))}")


def _numbers(text: str) -> JudgmentMatch | None:
    if match := _COMPARISON.fullmatch(text):
        sign, number = match[1], float(match[2])
        match sign:
            case "<":
                return JudgmentMatch(high=math.nextafter(number, -math.inf))
            case ">":
                return JudgmentMatch(low=math.nextafter(number, math.inf))
            case "<=" | "≤":
                return JudgmentMatch(high=number)
            case ">=" | "≥":
                return JudgmentMatch(low=number)
        return JudgmentMatch(low=number, high=number)
    if match := _RANGE.fullmatch(text):
        low, high = sorted((float(match[1]), float(match[2])))
        return JudgmentMatch(low=low, high=high)
    if re.fullmatch(_NUMBER, text):
        return JudgmentMatch(low=float(text), high=float(text))
    return None


def _allowed(types: set[str], options: list[str]) -> str:
    ways = []
    if "boolean" in types:
        ways.append("true or false")
    if "number" in types:
        ways.append('a number or a comparison such as "<3", ">=4" or "2..4"')
    if options:
        ways.append("one of " + ", ".join(options[:12]))
    return f"use {'; '.join([*ways, 'or failed, abstained, missing, judged'])}."
