"""The names of groups, and of what groups are by, in answers."""

from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, cell, name
from evals_mcp.models.groups import GroupBy, GroupName
from evals_mcp.models.resolved import ResolvedEvaluation

_LENGTH = 40
_EXACT = 2.0**53
_UNITS: dict[str, Quoted] = {"latency": " s", "cost": " USD"}
_TRUTH: dict[str, Quoted] = {"false": "false", "true": "true", "mixed": "mixed"}


def subject_of(group_by: GroupBy, evaluation: ResolvedEvaluation) -> Quoted:
    """What groups are by: `subset`, `helpful`, `latency`."""
    if group_by.kind == "field":
        return name(group_by.key or group_by.part or "")
    if group_by.kind == "judgment":
        return name(evaluation.evaluator_labels[group_by.evaluator_version_id or ""])
    return name(group_by.kind)


def group_words(group: GroupName, group_by: GroupBy) -> Quoted:
    """The name of a group: a value, `120 to 480`, `no value`, `other (12 groups)`."""
    match group.kind:
        case "value" if group_by.is_of_log and group.value in _TRUTH:
            return _TRUTH[group.value]
        case "value":
            return name(group.value) if len(group.value) <= _LENGTH else cell(group.value, _LENGTH)
        case "none":
            return "not judged" if group_by.kind == "judgment" else "no value"
        case "others":
            return f"other ({figures.count(group.pooled, 'group')})"
    low, high = _number(group.low, group_by), _number(group.high, group_by)
    if low == high and group.low != group.high:  # so that bins have different names
        low, high = (
            f"{figures.exact_number(bound or 0.0)}{_UNITS.get(group_by.kind, '')}" for bound in (group.low, group.high)
        )
    return low if low == high else f"{low} to {high}"


def _number(value: float | None, group_by: GroupBy) -> Quoted:
    found = float(value or 0.0)
    if group_by.kind == "latency":
        return figures.duration(found)
    if group_by.kind == "cost":
        return figures.cost(found)
    if found.is_integer() and abs(found) < _EXACT:
        return figures.count(int(found)) if group_by.kind != "field" else figures.number(int(found))
    return figures.number(found)
