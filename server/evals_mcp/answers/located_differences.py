"""Where a difference sits, in a sentence for each candidate, and the fields to group by."""

from collections.abc import Sequence

from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, cell, name
from evals_mcp.kept import once
from evals_mcp.models.comparisons import LocatedDifference
from evals_mcp.statistics.results import SIGNIFICANCE

_LISTED = 3
_FIELDS = 6
_LENGTH = 40


@once
def located_notes(compared: Compared) -> list[Quoted]:
    """A sentence for each candidate whose difference sits in groups of a field: of the field with the smallest p."""
    notes: list[Quoted] = []
    several = len(compared.found.candidates) > 1
    for candidate in compared.found.candidates:
        found = [item for item in compared.found.located if item.run_id == candidate.run_id]
        if not found:
            continue
        best = min(found, key=lambda item: item.adjusted_p)
        same = [item for item in found if (item.part, item.key) == (best.part, best.key)]
        whose = f" of {compared.run(candidate.run_id)}" if several else ""
        where: Quoted = "sits" if best.rest_p > SIGNIFICANCE else "is larger"
        groups = figures.listed([group_word(compared, item) for item in same], _LISTED)
        by = compared.evaluator(best.evaluator_version_id)
        notes.append(f"The difference{whose} by {by} {where} in {groups}{_rest(compared, best, same)}.")
    return notes


def groupable_note(compared: Compared) -> list[Quoted]:
    """The fields that groups can be by."""
    fields = [name(field) for field in compared.found.groupable]
    return [f"group_by: {figures.listed(fields, _FIELDS)}."] if fields else []


def group_word(compared: Compared, item: LocatedDifference) -> Quoted:
    """`category=law: -14 points (n=92, p=0.003)`."""
    value = name(item.value) if len(item.value) <= _LENGTH else cell(item.value, _LENGTH)
    sure = f"(n={figures.count(item.pairs)}, {figures.p_value(item.adjusted_p)})"
    return f"{name(item.key or item.part)}={value}: {_points(compared, item, item.difference)} {sure}"


def _rest(compared: Compared, best: LocatedDifference, same: Sequence[LocatedDifference]) -> Quoted:
    """The difference elsewhere, if one group is told."""
    if len(same) > 1:
        return ""
    others = f"{_points(compared, best, best.rest)}, n={figures.count(best.others)}"
    if best.rest_p <= SIGNIFICANCE:
        return f"; elsewhere {others}"
    return f"; none elsewhere ({others}, {figures.p_value(best.rest_p)})"


def _points(compared: Compared, item: LocatedDifference, difference: float) -> Quoted:
    row = next(row for row in compared.evaluation.evaluators if row.version_id == item.evaluator_version_id)
    if row.return_type == "boolean":
        return figures.rate_change(0.0, difference)
    return figures.change(0.0, difference)
