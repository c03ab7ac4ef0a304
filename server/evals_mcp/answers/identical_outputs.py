"""How identical outputs are judged in compared runs: whether the judge moved, and what of a difference that makes."""

from evals_mcp.answers.compared_figures import compared_figures
from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.kept import once
from evals_mcp.models.comparisons import ComparisonRow, IdenticalOutputs
from evals_mcp.statistics.results import SIGNIFICANCE, Verdict

_LISTED = 6
_MANY = 20  # outputs that, judged alike, tell that the judge did not move
_MOVED: dict[str, Quoted] = {
    "human": "the people who judge moved, not the outputs",
    "python": "its code changed, or it reads more than the output",
}


@once
def identical_notes(compared: Compared) -> list[Quoted]:
    """A sentence for each evaluator that judged identical outputs otherwise, in one direction; one for all the rest.

    Also for one that judged many of them alike where its difference is significant. The smallest p comes first.
    """
    found = sorted(compared.found.identical, key=lambda item: 1.0 if item.adjusted_p is None else item.adjusted_p)
    moved = [item for item in found if item.changed and _has_moved(item)]
    alike = [item for item in found if _tells_alike(_row(compared, item), item)]
    notes: list[Quoted] = [_moved(compared, item) for item in moved]
    notes += [_alike(compared, item) for item in alike]
    if more := notes[_LISTED:]:
        notes = notes[:_LISTED]
        notes.append(f"{figures.count(len(more), 'more such note')}: compare one candidate.")
    others = [_varying(compared, item) for item in found if item.changed and not _has_moved(item)]
    if others:
        notes.append(f"Identical outputs judged differently, in no clear direction: {figures.listed(others, _LISTED)}.")
    return notes


def _has_moved(item: IdenticalOutputs) -> bool:
    return item.adjusted_p is not None and item.adjusted_p <= SIGNIFICANCE


def _tells_alike(row: ComparisonRow, item: IdenticalOutputs) -> bool:
    significant = row.verdict in (Verdict.BETTER, Verdict.WORSE, Verdict.DIFFERENT)
    return significant and not item.changed and item.pairs >= _MANY


def _row(compared: Compared, item: IdenticalOutputs) -> ComparisonRow:
    """The comparison over all pairs."""
    (candidate,) = (run for run in compared.found.candidates if run.run_id == item.run_id)
    return next(row for row in candidate.comparisons if row.evaluator_version_id == item.evaluator_version_id)


def _moved(compared: Compared, item: IdenticalOutputs) -> Quoted:
    row = _row(compared, item)
    (evaluator,) = (of for of in compared.evaluation.evaluators if of.version_id == item.evaluator_version_id)
    meaning = _MOVED.get(evaluator.evaluator_type or "", "the judge moved, not the outputs")
    changed = f"{figures.count(item.changed)} differently ({_ways(item)})"
    made = f". They make {part[0]} of its difference of {part[1]}" if (part := _part(row, item)) else ""
    return f"{_outputs(compared, item)}, {compared.subject(row)} judged {changed}: {meaning}{made}."


def _alike(compared: Compared, item: IdenticalOutputs) -> Quoted:
    called = compared.subject(_row(compared, item))
    return f"{_outputs(compared, item)}, {called} judged all alike, so its difference is not the judge's."


def _varying(compared: Compared, item: IdenticalOutputs) -> Quoted:
    """`helpful 3 of 40 in v2 (1 lower, 2 higher, p=1.00; makes +2.5 points of +10 points)`."""
    row = _row(compared, item)
    in_run = f" in {compared.run(item.run_id)}" if len(compared.found.candidates) > 1 else ""
    made = f"; makes {part[0]} of {part[1]}" if (part := _part(row, item)) else ""
    share = f"{figures.count(item.changed)} of {figures.count(item.pairs)}"
    return f"{compared.subject(row)} {share}{in_run} ({_ways(item)}{made})"


def _outputs(compared: Compared, item: IdenticalOutputs) -> Quoted:
    several = len(compared.found.candidates) > 1
    runs: Quoted = f"the baseline and {compared.run(item.run_id)}" if several else "both runs"
    return f"Of {figures.count(item.pairs, 'output')} identical in {runs}"


def _ways(item: IdenticalOutputs) -> Quoted:
    """`31 lower, 6 higher, p=0.0003`."""
    words: list[Quoted] = []
    if item.lower is not None and item.higher is not None:
        words = [f"{figures.count(item.lower)} lower", f"{figures.count(item.higher)} higher"]
    words.append("too few to test" if item.adjusted_p is None else figures.p_value(item.adjusted_p))
    return ", ".join(words)


def _part(row: ComparisonRow, item: IdenticalOutputs) -> tuple[Quoted, Quoted] | None:
    """What they make of the difference over all pairs, and that: `-6.3 points` and `-8 points`. None for options."""
    whole = compared_figures(row)
    if item.difference is None or whole is None:
        return None
    part = item.difference * item.pairs / row.pairs
    made = figures.rate_change(0.0, part) if row.kind == "boolean" else figures.change(0.0, part)
    return made, whole.difference
