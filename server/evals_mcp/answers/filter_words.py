"""A filter in words, to follow `N logs` or `N datapoints`. One function per field."""

from collections.abc import Callable

from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.models.judgments import JudgmentState
from evals_mcp.models.questions import Filter, JudgmentCondition
from evals_mcp.models.resolved import ResolvedEvaluation

_TEXT = 100
_STATES: dict[JudgmentState, Quoted] = {"failed": "a failed", "abstained": "an abstained", "missing": "a missing"}


def filter_words(filter: Filter, evaluation: ResolvedEvaluation) -> Quoted:
    """` in v2 judged "<3" by helpful with an error`; "" for a filter that excludes nothing."""
    return "".join(f" {words}" for field in filter.names() if (words := WORDS[field](filter, evaluation)))


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
        return _number(low) if low == high else f"{_number(low)}..{_number(high)}"
    bounds = ((">=", low), (">", condition.above), ("<=", high), ("<", condition.below))
    return " ".join(f"{sign}{_number(bound)}" for sign, bound in bounds if bound is not None) or condition.state


def _number(value: float) -> str:
    return f"{value:.15g}"


def _in_runs(filter: Filter, evaluation: ResolvedEvaluation) -> Quoted:
    run_ids = filter.run_ids or []
    if len(run_ids) == len(evaluation.runs):
        return ""
    return "in " + (", ".join(name(evaluation.run_labels[run_id]) for run_id in run_ids) or "no run")


def _of_datapoint(filter: Filter, evaluation: ResolvedEvaluation) -> Quoted:
    return f"for datapoint {name(filter.datapoint_id or '')}"


def _judged(filter: Filter, evaluation: ResolvedEvaluation) -> Quoted:
    condition = filter.judgment or JudgmentCondition()
    version_id = condition.evaluator_version_id
    by = "" if version_id is None else f" by {name(evaluation.evaluator_labels[version_id])}"
    if (state := _STATES.get(condition.state)) is not None:
        return f"with {state} judgment{by}"
    if condition.return_types() is None and condition.passed is None:
        return f"judged{by}"
    return f"judged {quote(judgment_value(condition))}{by}"


def _with_errors(filter: Filter, evaluation: ResolvedEvaluation) -> Quoted:
    return "with an error"


def _containing(filter: Filter, evaluation: ResolvedEvaluation) -> Quoted:
    return f"containing {quote(filter.text or '', _TEXT)}"


WORDS: dict[str, Callable[[Filter, ResolvedEvaluation], Quoted]] = {
    "run_ids": _in_runs,
    "datapoint_id": _of_datapoint,
    "judgment": _judged,
    "errors_only": _with_errors,
    "text": _containing,
}
"""The words of each field of a filter."""
