"""The one verdict on a candidate: ship, do not ship, or cannot tell yet. Pure; no words.

An evaluator with a direction is a criterion. Its gain is the paired difference in the good direction, with the interval
of the comparison. A criterion is lost if its comparison is worse (after correction) and the loss is estimated to exceed
the margin. It is held if the interval excludes a loss of the margin (non-inferiority). Else it is open.

One lost criterion is enough not to ship. To ship, all must be held: each is tested at its own level and all must pass,
so nothing needs correction over criteria (Berger 1982, Technometrics 24:295). The best of several candidates is chosen,
so intervals are widened over the candidates (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from evals_mcp.models.comparisons import ComparedCandidate, ComparedRun, ComparisonRow
from evals_mcp.models.rows import EvaluatorRow
from evals_mcp.statistics.booleans import tango_interval
from evals_mcp.statistics.distributions import Z_INTERVAL, Z_POWER, bisect
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
    """An evaluator's comparison as part of a verdict. `gain` is None with too few pairs.

    `margin` is the largest acceptable loss, in the unit of the gain. `pairs_needed` would settle an open criterion.
    """

    row: ComparisonRow
    gain: Gain | None
    margin: float
    finding: Finding
    pairs_needed: int | None = None


@dataclass(frozen=True, slots=True)
class CandidateVerdict:
    """The decision on a candidate, and what it is made of.

    `errors` is how the rate of failed logs does; HELD unless it rose by more than the margin of a rate.
    """

    candidate: ComparedCandidate
    decision: Decision
    criteria: Sequence[Criterion]
    errors: Finding

    def having(self, *findings: Finding) -> list[Criterion]:
        """The criteria with one of these findings."""
        return [criterion for criterion in self.criteria if criterion.finding in findings]


def best_verdict(
    baseline: ComparedRun,
    candidates: Sequence[ComparedCandidate],
    evaluators: Mapping[str, EvaluatorRow],
    margins: Margins = DEFAULT_MARGINS,
) -> CandidateVerdict:
    """The verdict on the best of one or more candidates. `evaluators` are by version id."""
    verdicts = [judge(baseline, candidate, evaluators, margins, len(candidates)) for candidate in candidates]
    return max(verdicts, key=_goodness)


def judge(
    baseline: ComparedRun,
    candidate: ComparedCandidate,
    evaluators: Mapping[str, EvaluatorRow],
    margins: Margins = DEFAULT_MARGINS,
    candidates: int = 1,
) -> CandidateVerdict:
    """The verdict on one of so many candidates."""
    criteria = list(_criteria(baseline, candidate, evaluators, margins, candidates))
    errors = compare_error_rates(baseline, candidate)
    findings = {*(criterion.finding for criterion in criteria), errors}
    if Finding.LOST in findings:
        decision = Decision.DO_NOT_SHIP
    elif not criteria or Finding.OPEN in findings:
        decision = Decision.CANNOT_TELL
    else:
        decision = Decision.SHIP
    return CandidateVerdict(candidate, decision, criteria, errors)


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
    before, after = (run.failed_logs / run.logs for run in (baseline, candidate))
    if after - before <= RATE_MARGIN:
        return Finding.HELD
    low, _ = newcombe_interval(baseline.failed_logs, baseline.logs, candidate.failed_logs, candidate.logs)
    return Finding.LOST if low > 0 else Finding.OPEN


def whole_number(amount: float) -> int | None:
    """An amount of datapoints rounded up; None for more than anybody has."""
    return math.ceil(amount) if amount < _MOST_DATAPOINTS else None


def newcombe_interval(before: int, before_of: int, after: int, after_of: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two unpaired rates, after minus before (Newcombe 1998, method 10)."""
    first, second = before / before_of, after / after_of
    first_low, first_high = wilson_interval(first, before_of)
    second_low, second_high = wilson_interval(second, after_of)
    difference = second - first
    return (
        difference - math.hypot(second - second_low, first_high - first),
        difference + math.hypot(second_high - second, first - first_low),
    )


def wilson_interval(rate: float, amount: int, quantile: float = Z_INTERVAL) -> tuple[float, float]:
    """The score interval of a rate (Wilson 1927), 95 % unless another quantile is given."""
    square = quantile**2
    middle = (rate + square / (2 * amount)) / (1 + square / amount)
    half = quantile / (1 + square / amount) * math.sqrt(rate * (1 - rate) / amount + square / (4 * amount**2))
    return max(0.0, min(rate, middle - half)), min(1.0, max(rate, middle + half))


@lru_cache(maxsize=64)
def corrected_quantile(tests: int) -> float:
    """The normal quantile of two-sided 95 % intervals that hold together over so many tests (Bonferroni)."""
    if tests < 2:
        return Z_INTERVAL
    return bisect(lambda z: math.erfc(z / math.sqrt(2)) - SIGNIFICANCE / tests, 0.0, 40.0)


def _criteria(
    baseline: ComparedRun,
    candidate: ComparedCandidate,
    evaluators: Mapping[str, EvaluatorRow],
    margins: Margins,
    candidates: int,
) -> Iterable[Criterion]:
    """The comparisons with a direction that can tell the runs apart. Evaluators that no pair has are left out."""
    for row in (*candidate.comparisons, *candidate.passes):
        version_id = row.evaluator_version_id or ""
        evaluator = evaluators[version_id]
        if not row.pairs or row.better is None or is_constant(row, baseline, candidate):
            continue
        margin = margins.of(row)
        gain = gain_of(row, "positive" if row.passes else evaluator.valence)
        finding = find(row, gain, margin, candidates)
        needed = None if finding is not Finding.OPEN else _needed(row, gain, margin)
        yield Criterion(row, gain, margin, finding, needed)


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
    better, lost = len(verdict.having(Finding.BETTER)), len(verdict.having(Finding.LOST))
    gains = [item.gain for item in verdict.criteria if item.gain is not None and item.gain.high > item.gain.low]
    return order.index(verdict.decision), better - lost, sum(gain.estimate / (gain.high - gain.low) for gain in gains)
