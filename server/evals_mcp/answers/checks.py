"""A check as text, for a terminal: the outcome, then each requirement with the figure that decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from evals_mcp.answers.compared_figures import compared_figures
from evals_mcp.answers.comparisons import BIASED
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted, name, quote
from evals_mcp.models.comparisons import ComparedRun
from evals_mcp.models.resolved import ResolvedEvaluation
from evals_mcp.statistics.checks import CheckedRequirement
from evals_mcp.statistics.requirements import Met, Result

OUTCOMES: dict[Met, Quoted] = {Met.PASSED: "passed", Met.FAILED: "failed", Met.CANNOT_TELL: "cannot tell"}


@dataclass(frozen=True, slots=True)
class Check:
    """A check with the names of its parts. `filtered` are the words for its datapoints (`where`); empty for all.
    `unmatched` says why no datapoint is left.

    `baseline` is None if no requirement compares. `runs` are the compared runs, the candidate first.
    """

    evaluation: ResolvedEvaluation
    candidate_id: str
    baseline_id: str | None
    filtered: Quoted
    where: Sequence[str]
    met: Met
    checked: Sequence[CheckedRequirement]
    runs: Sequence[ComparedRun]
    by_outcomes: bool = False
    unmatched: Sequence[Quoted] = ()

    @property
    def candidate(self) -> str:
        """The label of the candidate."""
        return self.evaluation.run_labels[self.candidate_id]

    @property
    def baseline(self) -> str | None:
        """The label of the baseline."""
        return None if self.baseline_id is None else self.evaluation.run_labels[self.baseline_id]


def check_text(check: Check) -> Quoted:
    """The check in lines."""
    return "\n".join([headline(check), *map(_line, check.checked), *check_notes(check)])


def headline(check: Check) -> Quoted:
    """The outcome, the runs and the datapoints, in a line."""
    called = check.evaluation.overview.evaluation.name or check.evaluation.id
    against = f" against {name(check.baseline)}" if check.baseline is not None else ""
    chosen = f", for datapoints{check.filtered}" if check.filtered else ""
    return f"Check {OUTCOMES[check.met]}: {name(check.candidate)}{against} in {quote(called)}{chosen}."


def figure_words(item: CheckedRequirement) -> Quoted:
    """The figure of a requirement with its interval and number, and what is needed to tell."""
    result = item.result
    shown = _figure(item)
    parts = [shown] if shown else []
    parts.append(f"n={figures.count(result.amount)}")
    if result.met is Met.CANNOT_TELL:
        parts.append(_needed(result))
    return ", ".join(parts)


def check_notes(check: Check) -> list[Quoted]:
    """What the figures leave out, and how they were corrected."""
    notes: list[Quoted] = [BIASED] if check.by_outcomes else []
    if check.filtered and not check.runs[0].datapoints:
        notes += [f"No datapoint of {name(check.candidate)} meets the conditions.", *check.unmatched]
    run = check.evaluation.run(check.candidate_id)
    if run.status != "completed":
        notes.append(f"{name(check.candidate)} is {name(run.status)}: more logs or judgments may come.")
    has_errors = any(item.requirement.subject == "errors" for item in check.checked)
    for side, compared in zip((check.candidate, check.baseline or ""), check.runs, strict=False):
        if compared.failed_logs and not has_errors:
            notes.append(f"Failed logs in {name(side)}: {figures.count(compared.failed_logs)}. Require errors, too.")
        missing = sum(tally.missing + tally.failed + tally.abstained for tally in compared.tallies)
        if missing:
            notes.append(
                f"Excluded in {name(side)}: {figures.count(missing, 'missing, failed or abstained judgment')}."
            )
    if len(check.checked) > 1:
        notes.append(f"Failures are corrected over {figures.count(len(check.checked), 'requirement')}.")
    return notes


def _line(item: CheckedRequirement) -> Quoted:
    requirement = quote(item.requirement.text)[1:-1].replace('\\"', '"')
    return f"{OUTCOMES[item.result.met]} | {requirement} | {figure_words(item)}"


def _figure(item: CheckedRequirement) -> Quoted:
    """The difference as `compare_runs` shows it, else the candidate's rate or mean; each with its 95 % interval."""
    result, row = item.result, item.row
    if item.requirement.is_paired and row is not None and (found := compared_figures(row)) is not None:
        return f"{found.difference} ({found.interval})" if found.interval else found.difference
    if result.estimate is None:
        return ""
    ends = [result.low, result.high]
    if item.requirement.is_paired and item.requirement.subject == "errors":
        ends.reverse()
    estimate, low, high = ("" if value is None else _value(item, value) for value in (result.estimate, *ends))
    interval = f" ({low.removesuffix(' points')} to {high})" if low else ""
    what = " better less worse" if item.requirement.is_paired and row is not None else ""
    return f"{estimate}{what}{interval}"


def _value(item: CheckedRequirement, value: float) -> Quoted:
    requirement = item.requirement
    if requirement.is_paired:  # a gain without values of both runs: of errors, whose rate falls, and of options
        return figures.rate_change(0.0, -value if requirement.subject == "errors" else value)
    if requirement.is_rate:
        return figures.rate(value)
    if requirement.subject == "latency":
        return figures.duration(value)
    return figures.cost(value) if requirement.subject == "cost" else figures.number(value)


def _needed(result: Result) -> Quoted:
    if not result.amount:
        return "no datapoint has this figure"
    if result.needed is None:
        return "more datapoints do not settle it: the figure is at the limit"
    return f"telling needs about {figures.about(result.needed)}"
