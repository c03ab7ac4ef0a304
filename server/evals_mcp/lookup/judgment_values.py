"""Parse a judgment filter: `false`, `<3`, `2..4`, an option, `failed`."""

import re
from collections.abc import Sequence

from evals_mcp.answers.frame.figures import listed
from evals_mcp.answers.frame.quoting import Quoted, name
from evals_mcp.errors import Invalid
from evals_mcp.lookup.names import quoted
from evals_mcp.models.conditions import JudgmentCondition
from evals_mcp.models.judgments import JudgmentState
from evals_mcp.models.rows import EvaluatorRow

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_COMPARISON = re.compile(rf"(<=|>=|<|>|=|==|≤|≥)\s*({_NUMBER})")
_RANGE = re.compile(rf"({_NUMBER})\s*(?:\.\.|–|to)\s*({_NUMBER})")
_LISTED = 12
_STATES: dict[str, JudgmentState] = {
    "judged": "judged",
    "failed": "failed",
    "error": "failed",
    "abstained": "abstained",
    "null": "abstained",
    "missing": "missing",
    "unjudged": "missing",
}
VERDICTS = {"passed": True, "not passed": False}
"""The words for an evaluator's verdict, and whether it passes the log."""


def read_match(
    text: str,
    evaluators: Sequence[EvaluatorRow],
    by: EvaluatorRow | None = None,
    *,
    literally: bool = False,
    prefix: Quoted = "",
) -> JudgmentCondition:
    """The judgments of these evaluators that a text selects; only those of one evaluator if it is given.

    Read `literally`, a text is an option. Raises Invalid, beginning with `prefix`, for text that is not a judgment, or
    that none of the evaluators can give.
    """
    condition = JudgmentCondition(label=text) if literally else _read(text.strip(), evaluators, prefix)
    return condition if by is None else condition.model_copy(update={"evaluator_version_id": by.version_id})


def _read(written: str, evaluators: Sequence[EvaluatorRow], prefix: Quoted) -> JudgmentCondition:
    word = written.lower()
    options = {option.casefold(): option for row in evaluators for option in row.options}
    types = {row.return_type for row in evaluators}
    if written.casefold() in options:
        if ("number" in types and _numbers(written)) or ("boolean" in types and word in ("true", "false")):
            raise Invalid(
                f"{prefix}{quoted(written)} is an option of one evaluator and a value of another. Name the evaluator."
            )
        return JudgmentCondition(label=options[written.casefold()])
    if word in _STATES:
        return JudgmentCondition(state=_STATES[word])
    if word in VERDICTS and types == {"boolean"} and len(evaluators) == 1:
        return JudgmentCondition(boolean=VERDICTS[word] != evaluators[0].lower_is_better)
    if word in VERDICTS:
        return JudgmentCondition(passed=VERDICTS[word])
    if word in ("true", "false") and "boolean" in types:
        return JudgmentCondition(boolean=word == "true")
    if "number" in types and (match := _numbers(written)) is not None:
        return match
    if any(row.return_type in ("select", "multi_select") and not row.options for row in evaluators):
        return JudgmentCondition(label=written)
    raise Invalid(prefix + _allowed(types, list(options.values())))


def read_range(text: str) -> tuple[float, float] | None:
    """The bounds of a range such as `2..4`, the lower one first."""
    if (match := _RANGE.fullmatch(text)) is None:
        return None
    low, high = sorted((float(match[1]), float(match[2])))
    return low, high


def _numbers(text: str) -> JudgmentCondition | None:
    if match := _COMPARISON.fullmatch(text):
        sign, number = match[1], float(match[2])
        match sign:
            case "<":
                return JudgmentCondition(below=number)
            case ">":
                return JudgmentCondition(above=number)
            case "<=" | "≤":
                return JudgmentCondition(at_most=number)
            case ">=" | "≥":
                return JudgmentCondition(at_least=number)
        return JudgmentCondition(at_least=number, at_most=number)
    if (bounds := read_range(text)) is not None:
        return JudgmentCondition(at_least=bounds[0], at_most=bounds[1])
    if re.fullmatch(_NUMBER, text):
        return JudgmentCondition(at_least=float(text), at_most=float(text))
    return None


def _allowed(types: set[str], options: list[str]) -> Quoted:
    ways: list[Quoted] = []
    if "boolean" in types:
        ways.append("true or false")
    if "number" in types:
        ways.append('a number or a comparison such as "<3", ">=4" or "2..4"')
    if options:
        ways.append("one of " + listed([name(option) for option in options], _LISTED))
    states: Quoted = "failed, abstained, missing, judged"
    if types == {"text"}:
        return f"its judgments are texts. Search them with ~, or use one of {states}."
    return f"use {'; '.join([*ways, f'or {states}'])}." if ways else f"use one of {states}."
