"""Conditions in words, to follow `N logs` or `N datapoints`. One function per kind."""

from collections.abc import Callable, Sequence
from typing import Any

from evals_mcp.answers.frame.figures import count, exact_number, listed
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.models.conditions import (
    COMPARED,
    AuthorCondition,
    Condition,
    ErrorCondition,
    FieldCondition,
    JudgedCondition,
    JudgmentCondition,
    MeasureCondition,
    Operator,
    PassCondition,
    PassCountCondition,
    PassRule,
    Side,
    TextCondition,
)
from evals_mcp.models.judgments import JudgmentState
from evals_mcp.models.resolved import ResolvedEvaluation

_TEXT = 100
_LISTED = 6
_STATES: dict[JudgmentState, Quoted] = {"failed": "a failed", "abstained": "an abstained", "missing": "a missing"}
_OPERATORS: dict[Operator, Quoted] = {
    "=": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥", "~": "containing", "!~": "not containing",
}  # fmt: skip
_AMOUNTS: dict[Operator, Quoted] = {
    "=": "exactly", "!=": "not", "<": "fewer than", "<=": "at most", ">": "more than", ">=": "at least",
}  # fmt: skip
_SIDES: dict[Side | None, Quoted] = {None: "", "baseline": "baseline ", "candidate": "candidate "}
_UNITS: dict[str, Quoted] = {"latency": " s", "tokens": "", "cost": " USD", "length": " characters"}


def condition_words(condition: Condition, evaluation: ResolvedEvaluation) -> Quoted:
    """`with input category = "law"`, `with latency > 5 s`, `not judged "true" by helpful`, `that v2 fails`."""
    return _WORDS[type(condition)](condition, evaluation)


def judgment_words(condition: JudgmentCondition, evaluation: ResolvedEvaluation) -> Quoted:
    """`judged "<3" by helpful`, `with a failed judgment`."""
    version_id = condition.evaluator_version_id
    by = "" if version_id is None else f" by {name(evaluation.evaluator_labels[version_id])}"
    if (state := _STATES.get(condition.state)) is not None:
        return f"with {state} judgment{by}"
    if condition.return_types() is None and condition.passed is None:
        return f"judged{by}"
    return f"judged {quote(judgment_value(condition))}{by}"


def judgment_value(condition: JudgmentCondition) -> str:
    """A judgment filter as a caller writes it: `true`, `curt`, `3`, `<3`, `2..4`, `failed`."""
    if condition.state != "judged":
        return condition.state
    if condition.boolean is not None:
        return "true" if condition.boolean else "false"
    if condition.passed is not None:
        return "passed" if condition.passed else "not passed"
    if condition.label is not None:
        return condition.label
    low, high = condition.at_least, condition.at_most
    if low is not None and high is not None:
        return exact_number(low) if low == high else f"{exact_number(low)}..{exact_number(high)}"
    bounds = ((">=", low), (">", condition.above), ("<=", high), ("<", condition.below))
    return " ".join(f"{sign}{exact_number(bound)}" for sign, bound in bounds if bound is not None) or condition.state


def _field(condition: FieldCondition, evaluation: ResolvedEvaluation) -> Quoted:
    part: Quoted = "metadata of the log" if condition.part == "log_metadata" else condition.part
    field = f"{part} {name(condition.key)}" if condition.key else part
    if not condition.values:
        return f"{'with' if condition.operator == '!=' else 'without'} {field}"
    return f"with {field} {_tested(condition.operator, condition.values)}"


def _text(condition: TextCondition, evaluation: ResolvedEvaluation) -> Quoted:
    by = condition.evaluator_version_id
    of = "" if by is None else f" by {name(evaluation.evaluator_labels[by])}"
    kind: Quoted = "any text" if condition.part == "any" else condition.part
    if (
        by is not None
        and condition.values
        and any(row.version_id == by and row.return_type == "text" for row in evaluation.evaluators)
    ):
        kind = "text"
    if not condition.values:
        return f"{'with' if condition.operator == '!=' else 'without'} {_SIDES[condition.side]}{kind}{of}"
    return f"with {_SIDES[condition.side]}{kind}{of} {_tested(condition.operator, condition.values)}"


def _measure(condition: MeasureCondition, evaluation: ResolvedEvaluation) -> Quoted:
    measure = f"{_SIDES[condition.side]}{condition.measure}"
    if not condition.values:
        return f"{'with' if condition.operator == '!=' else 'without'} {measure}"
    numbers = " or ".join(exact_number(value) for value in condition.values)
    return f"with {measure} {_OPERATORS[condition.operator]} {numbers}{_UNITS[condition.measure]}"


def _error(condition: ErrorCondition, evaluation: ResolvedEvaluation) -> Quoted:
    side = _SIDES[condition.side]
    return (
        f"with a {side}error"
        if side and condition.failed
        else f"{'with an' if condition.failed else 'without'} {side}error"
    )


def _judged(condition: JudgedCondition, evaluation: ResolvedEvaluation) -> Quoted:
    words = " or ".join(judgment_words(item, evaluation) for item in condition.alternatives)
    side = f"whose {_SIDES[condition.side]}log is " if condition.side else ""
    return f"{side}{'not ' if condition.excluded else ''}{words}"


def _author(condition: AuthorCondition, evaluation: ResolvedEvaluation) -> Quoted:
    names = listed([name(author) for author in condition.authors], _LISTED)
    return f"{'not ' if condition.excluded else ''}judged by the author {names}"


def _passes(condition: PassCondition, evaluation: ResolvedEvaluation) -> Quoted:
    runs = " or ".join(name(evaluation.run_labels[run_id]) for run_id in condition.run_ids)
    rule = _rule(condition.rule, evaluation, "all of" if condition.passes else "any of")
    return f"that {runs} {'passes' if condition.passes else 'fails'}{rule}"


def _pass_count(condition: PassCountCondition, evaluation: ResolvedEvaluation) -> Quoted:
    numbers = " or ".join(exact_number(value) for value in condition.values)
    runs = count(len(condition.run_ids), "run")
    rule = _rule(condition.rule, evaluation, "all of")
    judged = " (unjudged ones left out)" if _admits_none(condition) else ""
    return f"that {_AMOUNTS[condition.operator]} {numbers} of {runs} pass{rule}{judged}"


def _admits_none(condition: PassCountCondition) -> bool:
    """Whether the condition holds for a datapoint that is judged, and that no run passes."""
    tests = [COMPARED[condition.operator](0, value) for value in condition.values]
    return all(tests) if condition.operator == "!=" else any(tests)


def _rule(rule: PassRule, evaluation: ResolvedEvaluation, which: Quoted) -> Quoted:
    """By which evaluators: `which` of several must pass or fail it."""
    if rule.stated is not None:
        return f" (passing: {judgment_words(rule.stated, evaluation)})"
    labels = [name(evaluation.evaluator_labels[scale.evaluator_version_id]) for scale in rule.scales]
    return f" by {f'{which} ' if len(labels) > 1 else ''}{listed(labels, _LISTED)}"


def _tested(operator: Operator, values: Sequence[str]) -> Quoted:
    joined = " or ".join(quote(value, _TEXT) for value in values)
    return f"{_OPERATORS[operator]} {joined}"


_WORDS: dict[type, Callable[[Any, ResolvedEvaluation], Quoted]] = {
    FieldCondition: _field,
    TextCondition: _text,
    MeasureCondition: _measure,
    ErrorCondition: _error,
    JudgedCondition: _judged,
    AuthorCondition: _author,
    PassCondition: _passes,
    PassCountCondition: _pass_count,
}
"""The words of each kind of condition."""
