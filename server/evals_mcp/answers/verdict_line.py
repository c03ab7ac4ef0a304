"""The one verdict of a comparison as a line: ship, do not ship, or cannot tell yet and what would settle it."""

import math
from typing import NamedTuple

from evals_mcp.answers.comparison_notes import Compared
from evals_mcp.answers.comparison_rows import difference_word
from evals_mcp.answers.frame import figures
from evals_mcp.answers.frame.quoting import Quoted
from evals_mcp.answers.verdict_corrections import (
    corrected_figure,
    corrections,
    labels_to_give,
    lost_groups,
    unknown_errors,
)
from evals_mcp.kept import once
from evals_mcp.models.comparisons import ComparisonRow
from evals_mcp.statistics.results import MIN_PAIRS
from evals_mcp.statistics.verdicts import CandidateVerdict, Criterion, Decision, Finding, best_verdict

_LISTED = 3
_ACTIONS: dict[Decision, Quoted] = {
    Decision.SHIP: "ship",
    Decision.DO_NOT_SHIP: "do not ship",
    Decision.CANNOT_TELL: "cannot tell yet about",
}
_OF_ERRORS = {Decision.DO_NOT_SHIP: Finding.LOST, Decision.CANNOT_TELL: Finding.OPEN}


class VerdictWords(NamedTuple):
    """The verdict as a line, and in another one the figures of the criteria that it only counts ("" for none)."""

    line: Quoted
    further: Quoted = ""


@once
def verdict_words(compared: Compared) -> VerdictWords:
    """The verdict on the best candidate, the same at every budget. It has figures for the first of each finding."""
    if compared.by_outcomes:
        return VerdictWords("No verdict: the datapoints are chosen by what a run gave, which biases the difference.")
    evaluators = {row.version_id: row for row in compared.evaluation.evaluators}
    verdict = best_verdict(compared.found, evaluators, compared.margins)
    if not verdict.criteria and verdict.errors is not Finding.LOST:
        return VerdictWords(_without_criteria(compared))
    amount = len(compared.found.candidates)
    best = f" (best of {figures.count(amount)})" if amount > 1 else ""
    called = compared.run(verdict.candidate.run_id)
    reasons = _reasons(verdict)
    told: list[Quoted] = [f"{reason} {_named(compared, criteria)}" for reason, criteria in reasons]
    if verdict.groups:
        told.append(lost_groups(compared, verdict))
    settling: Quoted = ""
    if verdict.decision is Decision.CANNOT_TELL:
        told += unknown_errors(compared, verdict)
        settling = _settling(verdict.having(Finding.OPEN)) + labels_to_give(compared, verdict)
    errors: Quoted = ""
    if verdict.errors is _OF_ERRORS.get(verdict.decision):
        errors = _errors(compared, verdict)
    if errors and not (told and verdict.decision is Decision.CANNOT_TELL):
        told.append(errors)
        errors = ""
    further = (_further(compared, reasons, errors), _wider(compared, verdict), corrections(compared, verdict))
    return VerdictWords(
        f"Verdict: {_ACTIONS[verdict.decision]} {called}{best}: {'; '.join(told)}{settling}.",
        "\n".join(filter(None, further)),
    )


def _wider(compared: Compared, verdict: CandidateVerdict) -> Quoted:
    """Why the largest loss that is possible for the best of several is more than its row tells."""
    is_open = verdict.decision is Decision.CANNOT_TELL and any(item.gain for item in verdict.having(Finding.OPEN))
    amount = len(compared.found.candidates)
    if amount == 1 or not is_open:
        return ""
    return f"As the best of {figures.count(amount)}, its intervals are wider than in its rows."


def _reasons(verdict: CandidateVerdict) -> list[tuple[Quoted, list[Criterion]]]:
    """The findings that decide, with their criteria."""
    undecided = verdict.having(Finding.OPEN)
    unsure = [item for item in undecided if item.gain is not None and not item.is_disputed]
    lossy = sorted(unsure, key=lambda item: -(item.pairs_needed or 0))
    every: dict[Decision, list[tuple[Quoted, list[Criterion]]]] = {
        Decision.SHIP: [
            ("better by", verdict.having(Finding.BETTER)),
            ("no loss beyond the margin by", verdict.having(Finding.HELD)),
        ],
        Decision.DO_NOT_SHIP: [("worse by", verdict.having(Finding.LOST))],
        Decision.CANNOT_TELL: [
            ("it may lose more than the margin by", lossy),
            (f"fewer than {figures.count(MIN_PAIRS)} pairs by", [item for item in undecided if item.has_few_pairs]),
        ],
    }
    return [(reason, criteria) for reason, criteria in every[verdict.decision] if criteria]


def _named(compared: Compared, criteria: list[Criterion]) -> Quoted:
    """Criteria, the first one with its figures."""
    first, *others = criteria
    return figures.listed([_figured(compared, first), *(compared.subject(item.row) for item in others)], 1)


def _further(compared: Compared, reasons: list[tuple[Quoted, list[Criterion]]], errors: Quoted) -> Quoted:
    """The figures of the other criteria, and the failed logs if others decide."""
    told: list[Quoted] = [
        f"{reason} {figures.listed([_figured(compared, item) for item in criteria[1:]], _LISTED)}"
        for reason, criteria in reasons
        if len(criteria) > 1
    ]
    told += [errors] if errors else []
    return f"Also: {'; '.join(told)}." if told else ""


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


def _figured(compared: Compared, item: Criterion) -> Quoted:
    """A criterion with the figures behind its finding."""
    margin = _amount(item.row, item.margin)
    if item.gain is None:
        figure = f"n={figures.count(item.row.pairs)}"
    elif item.finding is Finding.OPEN:
        lowest = item.gain.widened(len(compared.found.candidates)).low
        figure = f"up to {_amount(item.row, -lowest).removesuffix(' points')}, margin {margin}"
    else:
        difference = (difference_word(item.row) or _balance(item.row)) + corrected_figure(item)
        figure = difference if item.finding is Finding.BETTER else f"{difference}, margin {margin}"
    return f"{compared.subject(item.row)} ({figure})"


def _balance(row: ComparisonRow) -> Quoted:
    """The datapoints that changed, for options, which have no difference."""
    return f"{figures.count(row.better or 0)} better, {figures.count(row.worse or 0)} worse"


def _amount(row: ComparisonRow, value: float) -> Quoted:
    """A loss or a margin in the unit of its evaluator, without a sign."""
    if row.kind != "number":
        return figures.rate_change(0.0, value).removeprefix("+")
    places = 2 if not value or not math.isfinite(value) else max(2, 1 - math.floor(math.log10(abs(value))))
    return figures.fixed(value, min(places, 10))


def _without_criteria(compared: Compared) -> Quoted:
    """Why nothing decides."""
    if not compared.has_pairs:
        return "No verdict: no pairs to compare."
    undirected = [compared.subject(row) for _, row in compared.rows() if row.measure is None and row.better is None]
    if undirected:
        listed = figures.listed(list(dict.fromkeys(undirected)), _LISTED)
        return f"No verdict: no direction is set for {listed}. Set number_valence, or the valences of options."
    return "No verdict: no evaluator separates these runs."
