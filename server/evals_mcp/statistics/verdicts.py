"""The one verdict on a candidate: ship, do not ship, or cannot tell yet. Pure; no words.

An evaluator with a direction is a criterion. Its gain is the paired difference in the good direction, with the interval
of the comparison. A criterion is lost if its comparison is worse (after correction) and the loss is estimated to exceed
the margin. It is held if the interval excludes a loss of the margin (non-inferiority). Else it is open.

One lost criterion is enough not to ship. To ship, all must be held: each is tested at its own level and all must pass,
so nothing needs correction over criteria (Berger 1982, Technometrics 24:295). The best of several candidates is chosen,
so intervals are widened over the candidates (Bonferroni).

Where people labelled what a judge judged, the gain is that of people (`corrected_differences`). Their own evaluator is
then no open criterion, as the judge's gain includes its labels. A group of datapoints in which a loss beyond the margin
sits (`located_differences`) is a lost criterion, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from evals_mcp.models.comparisons import (
    ComparedCandidate,
    ComparedRun,
    ComparisonRow,
    Comparisons,
    CorrectedDifference,
    LocatedDifference,
)
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.booleans import tango_interval
from evals_mcp.statistics.distributions import Z_INTERVAL, Z_POWER, bisect
from evals_mcp.statistics.rate_intervals import newcombe_interval
from evals_mcp.statistics.results import MIN_PAIRS, SIGNIFICANCE, Verdict

RATE_MARGIN = 0.02
"""The default margin of a rate: two percentage points."""

DEVIATIONS_MARGIN = 0.1
"""The default margin of a number, in standard deviations of its values."""

_MOST_DATAPOINTS = 1e12


class Decision(StrEnum):
    """What to do about a candidate."""

    SHIP = "ship"
    DO_NOT_SHIP = "do not ship"
    CANNOT_TELL = "cannot tell"


class Finding(StrEnum):
    """How a candidate does by one criterion. `HELD` is no worse than the margin allows, `BETTER` also better."""

    LOST = "lost"
    BETTER = "better"
    HELD = "held"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Margins:
    """The largest acceptable losses: of rates, of numbers in standard deviations, and stated ones by version id.

    Stated ones are in the evaluator's unit.
    """

    rate: float = RATE_MARGIN
    deviations: float = DEVIATIONS_MARGIN
    stated: Mapping[str, float] = field(default_factory=dict)

    def of(self, row: ComparisonRow) -> float:
        """The margin of a comparison in its unit. Numbers of unknown deviation have none: they must not be worse."""
        stated = None if row.passes else self.stated.get(row.evaluator_version_id or "")
        if stated is not None:
            return stated
        return self.deviations * pooled_deviation(row) if row.kind == "number" else self.rate


DEFAULT_MARGINS = Margins()


@dataclass(frozen=True, slots=True)
class Gain:
    """A paired difference in the good direction, with its 95 % interval, over so many pairs."""

    estimate: float
    low: float
    high: float
    pairs: int

    def widened(self, tests: int) -> Gain:
        """The interval at 95 % over so many tests together, as far as a normal distribution tells (Bonferroni)."""
        factor = corrected_quantile(tests) / Z_INTERVAL
        low, high = (self.estimate + (end - self.estimate) * factor for end in (self.low, self.high))
        return Gain(self.estimate, low, high, self.pairs)

    def pairs_needed(self, margin: float) -> int | None:
        """Pairs that exclude a loss of the margin with 80 % power if there is no difference; None without a margin."""
        if margin <= 0:
            return None
        spread = (self.high - self.low) / (2 * Z_INTERVAL) * math.sqrt(self.pairs)
        needed = whole_number(((Z_INTERVAL + Z_POWER) * spread / max(margin, 1e-100)) ** 2)
        return None if needed is None else max(MIN_PAIRS, self.pairs + 1, needed)


@dataclass(frozen=True, slots=True)
class Criterion:
    """An evaluator's comparison as part of a verdict. `gain` is None with too few pairs, or with too few labels.

    `margin` is the largest acceptable loss, in the unit of the gain. `pairs_needed` would settle an open criterion, or
    `labels_needed` of each run, where the judge's errors leave it open. `corrected` is what labels made of the row. It
    `is_disputed` if labels exclude the significant loss that the judge sees.
    """

    row: ComparisonRow
    gain: Gain | None
    margin: float
    finding: Finding
    pairs_needed: int | None = None
    corrected: CorrectedDifference | None = None
    labels_needed: int | None = None
    is_disputed: bool = False

    @property
    def has_few_pairs(self) -> bool:
        """Whether more pairs would give it a gain, and not more labels."""
        return self.gain is None and self.corrected is None


@dataclass(frozen=True, slots=True)
class CandidateVerdict:
    """The decision on a candidate, and what it is made of.

    `errors` is how the rate of failed logs does; HELD unless it rose by more than the margin of a rate. `groups` are
    those in which a loss beyond the margin sits.
    """

    candidate: ComparedCandidate
    decision: Decision
    criteria: Sequence[Criterion]
    errors: Finding
    groups: Sequence[LocatedDifference] = ()

    def having(self, *findings: Finding) -> list[Criterion]:
        """The criteria with one of these findings."""
        return [criterion for criterion in self.criteria if criterion.finding in findings]


def best_verdict(
    found: Comparisons, evaluators: Mapping[str, EvaluatorRow], margins: Margins = DEFAULT_MARGINS
) -> CandidateVerdict:
    """The verdict on the best of the candidates of a comparison. `evaluators` are by version id."""
    return max((judge(found, candidate, evaluators, margins) for candidate in found.candidates), key=_goodness)


def judge(
    found: Comparisons,
    candidate: ComparedCandidate,
    evaluators: Mapping[str, EvaluatorRow],
    margins: Margins = DEFAULT_MARGINS,
) -> CandidateVerdict:
    """The verdict on one of the candidates."""
    criteria = list(_criteria(found, candidate, evaluators, margins))
    labelling = {item.corrected.human_version_id for item in criteria if item.corrected is not None}
    criteria = [
        item for item in criteria if item.finding is not Finding.OPEN or item.row.evaluator_version_id not in labelling
    ]
    errors = compare_error_rates(found.baseline, candidate)
    groups = _lost_groups(found, criteria, candidate, evaluators)
    findings = {*(criterion.finding for criterion in criteria), errors}
    if Finding.LOST in findings or groups:
        decision = Decision.DO_NOT_SHIP
    elif not criteria or Finding.OPEN in findings:
        decision = Decision.CANNOT_TELL
    else:
        decision = Decision.SHIP
    return CandidateVerdict(candidate, decision, criteria, errors, groups)


def gain_of(row: ComparisonRow, valence: str) -> Gain | None:
    """The gain of a comparison: of rates and means by `valence`, of options as better minus worse datapoints' share.

    None without a direction, or with too few pairs for an interval.
    """
    if row.pairs < MIN_PAIRS or row.better is None or row.worse is None:
        return None
    if row.difference is None:
        low, high = tango_interval(row.better, row.worse, row.pairs)
        return Gain((row.better - row.worse) / row.pairs, low, high, row.pairs)
    low = row.difference if row.low is None else row.low
    high = row.difference if row.high is None else row.high
    if valence == "negative":
        return Gain(-row.difference, -high, -low, row.pairs)
    return Gain(row.difference, low, high, row.pairs)


def pooled_deviation(row: ComparisonRow) -> float:
    """The root mean square of both sides' standard deviations; 0 where they are not known."""
    sides = (row.baseline_deviation or 0.0, row.candidate_deviation or 0.0)
    return math.hypot(*sides) / math.sqrt(2)


def corrected_gain(found: CorrectedDifference, row: ComparisonRow, valence: str) -> Gain | None:
    """The gain that people would see; None if labels do not tell."""
    if found.difference is None or found.low is None or found.high is None:
        return None
    facts: dict[str, float | None] = {"difference": found.difference, "low": found.low, "high": found.high}
    return gain_of(row.model_copy(update=facts), valence)


def find(row: ComparisonRow, gain: Gain | None, margin: float, tests: int = 1) -> Finding:
    """How a candidate does by one criterion, of so many candidates."""
    if gain is None:
        return Finding.OPEN
    if row.verdict == Verdict.WORSE and gain.estimate < -margin:
        return Finding.LOST
    if gain.widened(tests).low < -margin:
        return Finding.OPEN
    return Finding.BETTER if row.verdict == Verdict.BETTER else Finding.HELD


def compare_error_rates(baseline: ComparedRun, candidate: ComparedRun) -> Finding:
    """LOST if failed logs are more frequent by Newcombe's interval and by over two points; OPEN if only the latter."""
    if not baseline.logs or not candidate.logs:
        return Finding.HELD
    before, after = baseline.errors, candidate.errors
    if after[0] - before[0] <= RATE_MARGIN:
        return Finding.HELD
    low, _ = newcombe_interval(before, after)
    return Finding.LOST if low > 0 else Finding.OPEN


def whole_number(amount: float) -> int | None:
    """An amount of datapoints rounded up; None for more than anybody has."""
    return math.ceil(amount) if amount < _MOST_DATAPOINTS else None


@lru_cache(maxsize=64)
def corrected_quantile(tests: int) -> float:
    """The normal quantile of two-sided 95 % intervals that hold together over so many tests (Bonferroni)."""
    if tests < 2:
        return Z_INTERVAL
    return bisect(lambda z: math.erfc(z / math.sqrt(2)) - SIGNIFICANCE / tests, 0.0, 40.0)


def _criteria(
    found: Comparisons, candidate: ComparedCandidate, evaluators: Mapping[str, EvaluatorRow], margins: Margins
) -> Iterable[Criterion]:
    """The comparisons with a direction that can tell the runs apart. Evaluators that no pair has are left out."""
    corrected = {item.evaluator_version_id: item for item in found.corrected if item.run_id == candidate.run_id}
    rows = [*candidate.comparisons, *candidate.passes]
    for row in rows:
        version_id = row.evaluator_version_id or ""
        if not row.pairs or row.better is None or is_constant(row, found.baseline, candidate):
            continue
        margin, valence = margins.of(row), "positive" if row.passes else evaluators[version_id].valence
        labelled = None if row.passes else corrected.get(version_id)
        if labelled is not None:
            tests = len(found.candidates), len(rows)
            yield _corrected_criterion(row, labelled, corrected_gain(labelled, row, valence), margin, tests)
            continue
        gain = gain_of(row, valence)
        finding = find(row, gain, margin, len(found.candidates))
        needed = None if finding is not Finding.OPEN else _needed(row, gain, margin)
        yield Criterion(row, gain, margin, finding, needed)


def _corrected_criterion(
    row: ComparisonRow, corrected: CorrectedDifference, gain: Gain | None, margin: float, tests: tuple[int, int]
) -> Criterion:
    """A criterion by people's labels, of so many candidates and comparisons of each.

    Corrected by errors, a difference is as significant as the judge's. By labels, it has an interval of its own, which
    is widened over all comparisons. It then takes no significant loss by the judge back: that stays open.
    """
    candidates, comparisons = tests
    is_worse = row.verdict == Verdict.WORSE
    if gain is not None and corrected.method == "labels":
        wide = gain.widened(candidates * comparisons)
        sure = Verdict.WORSE if wide.high < 0 else Verdict.BETTER if wide.low > 0 else Verdict.NO_SIGNIFICANT_DIFFERENCE
        row = row.model_copy(update={"verdict": sure})
    finding = find(row, gain, margin, candidates)
    if finding is Finding.LOST or (finding is not Finding.OPEN and not is_worse):
        return Criterion(row, gain, margin, finding, corrected=corrected)
    if finding is not Finding.OPEN:
        return Criterion(row, gain, margin, Finding.OPEN, corrected=corrected, is_disputed=True)
    labels = labels_needed(corrected, gain, margin)
    pairs = gain.pairs_needed(margin) if gain is not None and corrected.method == "errors" else None
    return Criterion(row, gain, margin, finding, pairs, corrected, labels)


def labels_needed(corrected: CorrectedDifference, gain: Gain | None, margin: float) -> int | None:
    """Labels of each run that settle an open criterion with 80 % power, if the difference is as estimated.

    A difference from 0 to the margin is taken as none. None if labels alone do not settle it.
    """
    if gain is None or corrected.label_error is None:
        return None
    distance = -gain.estimate if gain.estimate < -margin else max(margin, margin + gain.estimate)
    error = (gain.high - gain.low) / (2 * Z_INTERVAL)
    room = (distance / (Z_INTERVAL + Z_POWER)) ** 2 - max(0.0, error**2 - corrected.label_error**2)
    if room <= 0:
        return None
    labels = min(corrected.baseline_labels, corrected.candidate_labels)
    needed = max(labels + 1, math.ceil(labels * corrected.label_error**2 / room))
    return needed if needed <= gain.pairs else None


def _lost_groups(
    found: Comparisons,
    criteria: Iterable[Criterion],
    candidate: ComparedCandidate,
    evaluators: Mapping[str, EvaluatorRow],
) -> list[LocatedDifference]:
    """The groups in which a loss of more than the margin sits."""
    margins = {item.row.evaluator_version_id: item.margin for item in criteria if not item.row.passes}
    lost = []
    for item in found.located:
        sign = -1 if evaluators[item.evaluator_version_id].valence == "negative" else 1
        margin = margins.get(item.evaluator_version_id)
        if item.run_id == candidate.run_id and margin is not None and sign * item.difference < -margin:
            lost.append(item)
    return lost


def is_constant(row: ComparisonRow, baseline: ComparedRun, candidate: ComparedRun) -> bool:
    """Whether an evaluator gave all logs of both runs the same judgment."""
    if row.evaluator_version_id is None or row.changed:
        return False
    if row.passes:
        return row.baseline in (0, 1)
    before, after = (
        next(tally for tally in run.tallies if tally.evaluator_version_id == row.evaluator_version_id)
        for run in (baseline, candidate)
    )
    return before.constant is not None and before.constant == after.constant


def _needed(row: ComparisonRow, gain: Gain | None, margin: float) -> int | None:
    """Pairs that settle an open criterion: those that show the estimated loss if it exceeds the margin."""
    if gain is None or (gain.estimate < -margin and row.pairs_needed is not None):
        return row.pairs_needed
    return gain.pairs_needed(margin) or row.pairs_needed


def _goodness(verdict: CandidateVerdict) -> tuple[int, int, float]:
    """What makes a candidate the best: the decision, then better less lost criteria, then the gains in their errors."""
    order = [Decision.DO_NOT_SHIP, Decision.CANNOT_TELL, Decision.SHIP]
    better, lost = len(verdict.having(Finding.BETTER)), len(verdict.having(Finding.LOST)) + bool(verdict.groups)
    gains = [item.gain for item in verdict.criteria if item.gain is not None and item.gain.high > item.gain.low]
    return order.index(verdict.decision), better - lost, sum(gain.estimate / (gain.high - gain.low) for gain in gains)
