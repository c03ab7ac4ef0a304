"""The grammar of a check's requirements: a name, a relation and a value. Pure."""

import re
from dataclasses import replace
from typing import NamedTuple, cast

from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.errors import Invalid, NotFound
from evals_mcp.lookup.evaluators import find_evaluator
from evals_mcp.lookup.names import nearest, quoted
from evals_mcp.models.requirements import Relation, Requirement, Subject
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.models.rows import EvaluatorRow

_RESERVED: tuple[Subject, ...] = ("pass", "errors", "latency", "tokens", "cost")
_NUMBER = r"[+-]?\$?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_REQUIREMENT = re.compile(
    r'\s*(?P<name>"(?:[^"\\]|\\.)*"|[^"<>=≥≤]*?[^"<>=≥≤\s])\s*'
    r"(?:(?P<bound>>=|<=|≥|≤)|(?P<worse>\bnot\s+worse\s+by\b)|(?P<better>\bbetter\b\s*$))\s*"
    rf"(?:(?P<value>{_NUMBER})\s*(?P<unit>%|points?|sd|ms|s)?)?\s*",
    re.IGNORECASE,
)
_FORMS = '"groundedness not worse by 0.1", "helpful better", "pass >= 0.9", "errors <= 0.01" or "latency <= 5"'


class _Value(NamedTuple):
    """A number as written, with its unit."""

    number: float
    unit: str


def read_requirement(evaluation: ResolvedEvaluation, text: str) -> Requirement:
    """Read one requirement. Raises Invalid and NotFound with the right form or the nearest names."""
    found = _REQUIREMENT.fullmatch(text)
    if found is None:
        raise Invalid(f"require: {quoted(text)} is no requirement. Write, for example, {_FORMS}.")
    subject, evaluator = _subject(evaluation, found["name"], text)
    requirement = Requirement(text, subject, _relation(found), evaluator=evaluator)
    _require_tellable(evaluation, requirement)
    if requirement.relation == "better":
        return requirement
    if found["value"] is None:
        raise Invalid(f"require: {quoted(text)} has no number at its end. Write, for example, {_FORMS}.")
    return _with_value(requirement, _Value(float(found["value"].replace("$", "")), (found["unit"] or "").lower()))


def _relation(found: re.Match[str]) -> Relation:
    if found["better"]:
        return "better"
    if found["worse"]:
        return "not worse"
    return cast(Relation, {"≥": ">=", "≤": "<="}.get(found["bound"], found["bound"]))


def _subject(evaluation: ResolvedEvaluation, written: str, text: str) -> tuple[Subject, EvaluatorRow | None]:
    if written.startswith('"'):
        return "evaluator", _evaluator(evaluation, re.sub(r"\\(.)", r"\1", written[1:-1]), text)
    prefix, _, rest = written.partition(".")
    if prefix == "judgment" and rest:
        return "evaluator", _evaluator(evaluation, rest, text)
    word = rest if prefix == "log" and rest else written
    if word.lower() not in _RESERVED:
        return "evaluator", _evaluator(evaluation, written, text)
    labels = {label.casefold() for label in evaluation.evaluator_labels.values()}
    if word == written and word.casefold() in labels:
        raise Invalid(
            f"require: {name(word)} is a measure and an evaluator. Use {quote(f'log.{word}')} or "
            f"{quote(f'judgment.{word}')}."
        )
    return cast(Subject, word.lower()), None


def _evaluator(evaluation: ResolvedEvaluation, word: str, text: str) -> EvaluatorRow:
    try:
        return find_evaluator(evaluation, word)
    except NotFound:
        known = [*map(name, evaluation.evaluator_labels.values()), *map(name, _RESERVED)]
        raise NotFound(
            f"require: {quoted(text)}: no evaluator or measure is named {quoted(word)}. {nearest(word, known)}"
        ) from None


def _with_value(requirement: Requirement, written: _Value) -> Requirement:
    """The requirement with its value in the figure's unit. Raises Invalid for a unit or a number that has no sense."""
    text, number, unit = requirement.text, written.number, written.unit
    is_margin = requirement.is_paired
    if is_margin and number < 0:
        raise Invalid(f"require: {quoted(text)}: a margin is zero or more.")
    if requirement.is_rate:
        value = _rate(requirement, written)
        return replace(requirement, value=value)
    if unit == "%" and is_margin:
        return replace(requirement, value=number / 100, unit="percent")
    if unit == "sd" and is_margin:
        return replace(requirement, value=number, unit="deviations")
    if unit in ("s", "ms") and requirement.subject == "latency":
        return replace(requirement, value=number / (1000 if unit == "ms" else 1))
    if unit:
        raise Invalid(f"require: {quoted(text)}: {name(unit)} has no meaning here. Write a number.")
    return replace(requirement, value=number)


def _rate(requirement: Requirement, written: _Value) -> float:
    text, number, unit = requirement.text, written.number, written.unit
    if requirement.is_paired and unit == "%":
        raise Invalid(
            f"require: {quoted(text)}: a percentage of a rate has two meanings. Write points, such as "
            f"{quote('not worse by 2 points')}, or 0.02."
        )
    if unit not in ("", "%", "point", "points"):
        raise Invalid(f"require: {quoted(text)}: {name(unit)} has no meaning for a rate. Write 0.9 or 90%.")
    value = number / 100 if unit else number
    if not 0 <= value <= 1:
        example = "0.02 or 2 points" if requirement.is_paired else "0.9 or 90%"
        raise Invalid(f"require: {quoted(text)}: this figure is a rate from 0 to 1. Write {example}.")
    return value


def _require_tellable(evaluation: ResolvedEvaluation, requirement: Requirement) -> None:
    """Raise Invalid for an evaluator whose judgments cannot tell what is required, with what to set."""
    row = requirement.evaluator
    if row is None:
        return
    label, start = name(evaluation.evaluator_labels[row.version_id]), f"require: {quoted(requirement.text)}: "
    if row.return_type == "text":
        raise Invalid(f"{start}{label} gives texts, which nothing can be required of.")
    is_option = row.return_type in ("select", "multi_select")
    if not requirement.is_paired:
        if is_option:
            raise Invalid(f"{start}{label} gives options, which have no mean. Use {quote('pass >= 0.9')} or not worse.")
        return
    if not row.is_directed:
        raise Invalid(f"{start}{label} has no direction. {_what_to_set(row, is_option=is_option)}")


def _what_to_set(row: EvaluatorRow, *, is_option: bool) -> Quoted:
    if is_option:
        return "Give its options a valence (positive, negative) in the evaluator's specification."
    if row.return_type == "boolean":
        return "Its specification says that neither true nor false is better. Require a bound, or change that."
    return (
        "Set number_valence to positive (higher is better) or negative in the evaluator's specification, "
        "or require a bound."
    )
