"""A filter in words, to follow `N logs` or `N datapoints`. One function per field."""

from collections.abc import Callable

from evals_mcp.answers.condition_words import condition_words, judgment_words
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.models.conditions import JudgmentCondition
from evals_mcp.models.questions import Filter
from evals_mcp.models.resolved import ResolvedEvaluation

_TEXT = 100
_OF = ("run_ids", "datapoint_id")
"""The fields whose words need no *and* after them."""


def filter_words(filter: Filter, evaluation: ResolvedEvaluation) -> Quoted:
    """` in v2 judged "<3" by helpful and with an error`; "" for a filter that excludes nothing."""
    found = {field: words for field in filter.names() if (words := WORDS[field](filter, evaluation))}
    where = [words for field, words in found.items() if field in _OF]
    what = [words for field, words in found.items() if field not in _OF]
    return "".join(f" {words}" for words in [*where, " and ".join(what)] if words)


def _in_runs(filter: Filter, evaluation: ResolvedEvaluation) -> Quoted:
    run_ids = filter.run_ids or []
    if len(run_ids) == len(evaluation.runs):
        return ""
    return "in " + (", ".join(name(evaluation.run_labels[run_id]) for run_id in run_ids) or "no run")


def _of_datapoint(filter: Filter, evaluation: ResolvedEvaluation) -> Quoted:
    return f"for datapoint {name(filter.datapoint_id or '')}"


def _judged(filter: Filter, evaluation: ResolvedEvaluation) -> Quoted:
    return judgment_words(filter.judgment or JudgmentCondition(), evaluation)


def _with_errors(filter: Filter, evaluation: ResolvedEvaluation) -> Quoted:
    return "with an error"


def _containing(filter: Filter, evaluation: ResolvedEvaluation) -> Quoted:
    return f"containing {quote(filter.text or '', _TEXT)}"


def _meeting_all(filter: Filter, evaluation: ResolvedEvaluation) -> Quoted:
    return " and ".join(condition_words(item, evaluation) for item in filter.conditions)


WORDS: dict[str, Callable[[Filter, ResolvedEvaluation], Quoted]] = {
    "run_ids": _in_runs,
    "datapoint_id": _of_datapoint,
    "judgment": _judged,
    "errors_only": _with_errors,
    "text": _containing,
    "conditions": _meeting_all,
}
"""The words of each field of a filter."""
