"""The one verdict of a comparison as a line: ship, do not ship, or cannot tell yet and what would settle it."""

import math

from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.comparison_rows import difference_word
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.models.comparisons import ComparisonRow
from evals_mcp.statistics.results import MIN_PAIRS
from evals_mcp.statistics.verdicts import CandidateVerdict, Criterion, Decision, Finding, best_verdict

_LISTED = 3
_ACTIONS: dict[Decision, Quoted] = {
    Decision.SHIP: "ship",
    Decision.DO_NOT_SHIP: "do not ship",
    Decision.CANNOT_TELL: "cannot tell yet about",
}


def verdict_line(compared: Compared, *, brief: bool = False) -> Quoted:
    """The verdict on the best candidate. A `brief` one has no figures."""
    if compared.by_outcomes:
        return "No verdict: the datapoints are chosen by what a run gave, which biases the difference."
    verdict = verdict_of(compared)
    if not verdict.criteria and verdict.errors is not Finding.LOST:
        return _without_criteria(compared)
    amount = len(compared.found.candidates)
    best = f" (best of {figures.count(amount)})" if amount > 1 else ""
    called = compared.run(verdict.candidate.run_id)
    reasons = {Decision.SHIP: _gains, Decision.DO_NOT_SHIP: _losses, Decision.CANNOT_TELL: _open}[verdict.decision]
    return f"Verdict: {_ACTIONS[verdict.decision]} {called}{best}: {reasons(compared, verdict, brief=brief)}."


def verdict_of(compared: Compared) -> CandidateVerdict:
    """The verdict on the best candidate of a comparison."""
    evaluators = {row.version_id: row for row in compared.evaluation.evaluators}
    return best_verdict(compared.found.baseline, compared.found.candidates, evaluators, compared.margins)


def _gains(compared: Compared, verdict: CandidateVerdict, *, brief: bool) -> Quoted:
    better, held = verdict.having(Finding.BETTER), verdict.having(Finding.HELD)
    parts: list[Quoted] = []
    if better:
        parts.append(f"better by {_listed(compared, better, brief=brief)}")
    if held:
        parts.append(f"no loss beyond the margin by {_listed(compared, held, brief=brief, margin=True)}")
    return "; ".join(parts)


def _losses(compared: Compared, verdict: CandidateVerdict, *, brief: bool) -> Quoted:
    lost = verdict.having(Finding.LOST)
    parts: list[Quoted] = []
    if lost:
        parts.append(f"worse by {_listed(compared, lost, brief=brief, margin=True)}")
    if verdict.errors is Finding.LOST:
        parts.append(_errors(compared, verdict))
    return "; ".join(parts)


def _open(compared: Compared, verdict: CandidateVerdict, *, brief: bool) -> Quoted:
    undecided = verdict.having(Finding.OPEN)
    few = [item for item in undecided if item.gain is None]
    lossy = [item for item in undecided if item.gain is not None]
    parts: list[Quoted] = []
    if lossy:
        lost = [
            compared.subject(item.row) + ("" if brief else f" (up to {_loss(compared, item)})")
            for item in sorted(lossy, key=lambda item: -(item.pairs_needed or 0))
        ]
        parts.append(f"it may lose more than the margin by {figures.listed(lost, 1 if brief else _LISTED)}")
    if few:
        subjects: list[Quoted] = [f"{compared.subject(item.row)} (n={figures.count(item.row.pairs)})" for item in few]
        parts.append(
            f"fewer than {figures.count(MIN_PAIRS)} pairs by {figures.listed(subjects, 1 if brief else _LISTED)}"
        )
    if verdict.errors is Finding.OPEN:
        parts.append(_errors(compared, verdict))
    return "; ".join(parts) + ("" if brief else _settling(undecided))


def _settling(undecided: list[Criterion]) -> Quoted:
    """How many datapoints settle what is open; "" where no number is known."""
    needed = [item.pairs_needed for item in undecided if item.pairs_needed is not None]
    if not needed:
        return ""
    assumed: Quoted = " if it is no worse" if any(_may_be_equal(item) for item in undecided) else ""
    return f". About {figures.about(max(needed))} judged datapoints would tell{assumed}"


def _may_be_equal(item: Criterion) -> bool:
    return item.gain is not None and item.gain.estimate >= -item.margin


def _errors(compared: Compared, verdict: CandidateVerdict) -> Quoted:
    runs = (verdict.candidate, compared.found.baseline)
    mine, theirs = (f"{figures.count(run.failed_logs)} of {figures.count(run.logs)}" for run in runs)
    return f"more failed logs ({mine}, baseline {theirs})"


def _listed(compared: Compared, criteria: list[Criterion], *, brief: bool, margin: bool = False) -> Quoted:
    return figures.listed(
        [_criterion(compared, item, brief=brief, margin=margin) for item in criteria], 1 if brief else _LISTED
    )


def _criterion(compared: Compared, item: Criterion, *, brief: bool, margin: bool) -> Quoted:
    subject = compared.subject(item.row)
    if brief:
        return subject
    difference = difference_word(item.row) or _balance(item.row)
    return f"{subject} ({difference}{f', margin {_amount(item.row, item.margin)}' if margin else ''})"


def _balance(row: ComparisonRow) -> Quoted:
    """The datapoints that changed, for options, which have no difference."""
    return f"{figures.count(row.better or 0)} better, {figures.count(row.worse or 0)} worse"


def _loss(compared: Compared, item: Criterion) -> Quoted:
    """The largest loss that is not excluded, and the margin."""
    assert item.gain is not None
    lowest = item.gain.widened(len(compared.found.candidates)).low
    return f"{_amount(item.row, -lowest)}, margin {_amount(item.row, item.margin)}"


def _amount(row: ComparisonRow, value: float) -> Quoted:
    """A loss or a margin in the unit of its evaluator, without a sign."""
    if row.kind != "number":
        return figures.rate_change(0.0, value).removeprefix("+")
    places = 2 if not value or not math.isfinite(value) else max(2, 1 - math.floor(math.log10(abs(value))))
    return figures.fixed(value, min(places, 10))


def _without_criteria(compared: Compared) -> Quoted:
    """Why nothing decides."""
    undirected = [compared.subject(row) for _, row in compared.rows() if row.measure is None and row.better is None]
    if undirected:
        listed = figures.listed(list(dict.fromkeys(undirected)), _LISTED)
        return f"No verdict: no direction is set for {listed}. Set number_valence, or the valences of options."
    return "No verdict: no evaluator separates these runs."
