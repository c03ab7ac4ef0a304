"""Evaluators as a caller writes them: a path or id, or a new one as `name:type[:options][:direction]`."""

from evals_mcp.answers.frame.quoting import Quoted, quote
from evals_mcp.errors import Invalid
from evals_mcp.models.model import JsonObject

_TYPES = ("boolean", "number", "select", "multi_select", "text")
_VALENCES = {"higher": "positive", "lower": "negative"}
_FORM: Quoted = (
    "Use name:boolean, name:number:1..5:higher (or lower), name:select:a|b, name:multi_select:a|b, name:text."
)


def read_evaluator(word: str, argument: Quoted = "evaluators") -> tuple[str, JsonObject | None]:
    """The name, and the specification of a new evaluator. Raises Invalid for a form that is not allowed."""
    name, *rest = (part.strip() for part in word.split(":"))
    if not rest:
        return name, None
    type, *details = rest
    direction = details.pop() if details and details[-1] in _VALENCES else None
    if not name or type not in _TYPES or len(details) > 1:
        raise _wrong(argument, word, _FORM)
    spec: JsonObject = {"arguments_type": "target_free", "return_type": type, "evaluator_type": "external"}
    if direction is not None:
        if type not in ("boolean", "number"):
            raise _wrong(argument, word, "Only booleans and numbers have a direction.")
        if type == "number" or direction == "lower":  # that true is good goes without saying
            spec["number_valence"] = _VALENCES[direction]
    if "select" in type:
        options = [option.strip() for option in details[0].split("|")] if details else []
        if not all(options) or len(set(options)) < max(len(options), 1):
            raise _wrong(argument, word, "Give different options: name:select:a|b.")
        spec["options"] = [{"name": option} for option in options]
    elif details:
        spec["number_limits"] = _limits(argument, word, type, details[0])
    return name, spec


def _limits(argument: Quoted, word: str, type: str, text: str) -> JsonObject:
    low, dots, high = text.partition("..")
    try:
        limits = {"min": float(low), "max": float(high)}
    except ValueError:
        limits = {}
    if type != "number" or not dots or not limits or not limits["min"] < limits["max"] < float("inf"):
        raise _wrong(argument, word, _FORM)
    return limits


def _wrong(argument: Quoted, word: str, advice: Quoted) -> Invalid:
    return Invalid(f"{argument}: {quote(word, 80)} does not define an evaluator. {advice} Nothing was stored.")
