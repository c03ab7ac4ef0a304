"""How identical outputs are judged in compared runs: whether the judge moved, and what of a difference that makes."""

from collections.abc import Iterator

from evals_mcp.answers.compared_figures import compared_figures
from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.models.comparisons import ComparisonRow, IdenticalOutputs
from evals_mcp.statistics.results import SIGNIFICANCE, Verdict

_LISTED = 6
_MANY = 20  # outputs that, judged alike, tell that the judge did not move
_MOVED: dict[str, Quoted] = {
    "human": "the people who judge moved, not the outputs",
    "python": "its code changed, or it reads more than the output",
}


def identical_notes(compared: Compared) -> list[Quoted]:
    """A sentence for each evaluator that judged identical outputs of a candidate and the baseline differently.

    The smallest p comes first. Also for one that judged many of them alike where its difference is significant.
    """
    notes = list(_notes(compared))
    more = len(notes) - _LISTED
    if more <= 0:
        return notes
    return [*notes[:_LISTED], f"{figures.count(more, 'more such note')}: compare one candidate."]


def _notes(compared: Compared) -> Iterator[Quoted]:
    rows = {
        (candidate.run_id, row.evaluator_version_id): row
        for candidate in compared.found.candidates
        for row in candidate.comparisons
    }
    for item in sorted(compared.found.identical, key=lambda item: 1.0 if item.adjusted_p is None else item.adjusted_p):
        row = rows[item.run_id, item.evaluator_version_id]
        runs: Quoted = (
            f"the baseline and {compared.run(item.run_id)}" if len(compared.found.candidates) > 1 else "both runs"
        )
        outputs = f"{figures.count(item.pairs, 'output')} identical in {runs}"
        called = compared.subject(row)
        if item.changed:
            changed = f"{figures.count(item.changed)} differently ({_ways(item)})"
            yield f"Of {outputs}, {called} judged {changed}: {_meaning(compared, item)}{_part(row, item)}."
        elif item.pairs >= _MANY and row.verdict in (Verdict.BETTER, Verdict.WORSE, Verdict.DIFFERENT):
            yield f"Of {outputs}, {called} judged all alike, so its difference is not the judge's."


def _ways(item: IdenticalOutputs) -> Quoted:
    """`31 lower, 6 higher, p=0.0003`."""
    words: list[Quoted] = []
    if item.lower is not None and item.higher is not None:
        words = [f"{figures.count(item.lower)} lower", f"{figures.count(item.higher)} higher"]
    words.append("too few to test" if item.adjusted_p is None else figures.p_value(item.adjusted_p))
    return ", ".join(words)


def _meaning(compared: Compared, item: IdenticalOutputs) -> Quoted:
    if item.adjusted_p is None or item.adjusted_p > SIGNIFICANCE:
        return "it varies by itself, in no clear direction"
    (row,) = (row for row in compared.evaluation.evaluators if row.version_id == item.evaluator_version_id)
    return _MOVED.get(row.evaluator_type or "", "the judge moved, not the outputs")


def _part(row: ComparisonRow, item: IdenticalOutputs) -> Quoted:
    """What they make of the difference over all pairs: `. They make -6.3 points of its difference of -8 points`."""
    whole = compared_figures(row)
    if item.difference is None or whole is None:
        return ""
    part = item.difference * item.pairs / row.pairs
    made = figures.rate_change(0.0, part) if row.kind == "boolean" else figures.change(0.0, part)
    return f". They make {made} of its difference of {whole.difference}"
