"""Whether a candidate meets a requirement: passed, failed, or cannot tell. Pure; no words.

A requirement passes if its 95 % interval is within the limit, and nothing is corrected for that: all requirements must
pass for a check to pass. One failure fails a check, so a bound fails only if the interval that is widened over all
requirements (Bonferroni) is beyond the limit. Of paired differences, the corrected p-value decides, as in `verdicts`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from evals_mcp.models.comparisons import ComparedRun, ComparisonRow
from evals_mcp.statistics.booleans import compare_booleans
from evals_mcp.statistics.distributions import Z_INTERVAL, Z_POWER
from evals_mcp.statistics.pairing import pair_columns
from evals_mcp.statistics.rate_intervals import newcombe_interval, wilson_interval
from evals_mcp.statistics.results import MIN_PAIRS, Verdict
from evals_mcp.statistics.verdicts import (
    Finding,
    Gain,
    corrected_quantile,
    find,
    gain_of,
    whole_number,
)


class Met(StrEnum):
    """Whether a requirement is met."""

    PASSED = "passed"
    FAILED = "failed"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Result:
    """Whether a requirement is met, and the figure that decides: a gain, or the candidate's rate or mean.

    `limit` is what the interval was tested against, in the unit of the figure. `amount` is the number of pairs,
    datapoints or logs, and `needed` the number that would settle it (None: no number would, or none is needed).
    """

    met: Met
    amount: int
    limit: float
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    needed: int | None = None


def not_worse(row: ComparisonRow, gain: Gain | None, margin: float) -> Result:
    """Whether the interval of the paired difference excludes a loss of the margin (non-inferiority)."""
    if gain is None:
        return Result(Met.CANNOT_TELL, row.pairs, -margin, needed=max(MIN_PAIRS, row.pairs_needed or 0))
    finding = find(row, gain, margin)
    if finding is Finding.LOST:
        return _of(Met.FAILED, gain, -margin)
    if finding is not Finding.OPEN:
        return _of(Met.PASSED, gain, -margin)
    needed = row.pairs_needed if gain.estimate < -margin else None
    return _of(Met.CANNOT_TELL, gain, -margin, needed or gain.pairs_needed(margin))


def better(row: ComparisonRow, gain: Gain | None) -> Result:
    """Whether the candidate is significantly better, after correction."""
    if gain is None:
        return Result(Met.CANNOT_TELL, row.pairs, 0.0, needed=max(MIN_PAIRS, row.pairs_needed or 0))
    met = {Verdict.BETTER: Met.PASSED, Verdict.WORSE: Met.FAILED}.get(Verdict(row.verdict), Met.CANNOT_TELL)
    return _of(met, gain, 0.0, row.pairs_needed if met is Met.CANNOT_TELL else None)


def paired_passes(both: int, gained: int, lost: int, neither: int) -> tuple[ComparisonRow, Gain | None]:
    """The comparison of pass rates over the datapoints that both runs judged, from the four counts, and its gain."""
    columns = [(1.0, 1.0)] * both + [(0.0, 1.0)] * gained + [(1.0, 0.0)] * lost + [(0.0, 0.0)] * neither
    before, after = ([pair[side] for pair in columns] for side in (0, 1))
    keys = range(len(columns))
    found = compare_booleans(pair_columns(keys, before, keys, after))
    facts = {name: getattr(found, name) for name in ComparisonRow.model_fields if hasattr(found, name)}
    row = ComparisonRow(**{**facts, "options": []})
    return row, gain_of(row, "positive")


def error_gain(baseline: ComparedRun, candidate: ComparedRun) -> Gain | None:
    """By how much logs fail less often, unpaired; None without logs of either run."""
    if not baseline.logs or not candidate.logs:
        return None
    low, high = newcombe_interval(candidate.errors, baseline.errors)
    estimate = baseline.errors[0] - candidate.errors[0]
    return Gain(estimate, low, high, min(baseline.logs, candidate.logs))


def unpaired_not_worse(gain: Gain, margin: float) -> Result:
    """Whether an unpaired difference excludes a loss of the margin. It fails if the loss is significant and larger."""
    if gain.low >= -margin:
        return _of(Met.PASSED, gain, -margin)
    if gain.high < 0 and gain.estimate < -margin:
        return _of(Met.FAILED, gain, -margin)
    return _of(Met.CANNOT_TELL, gain, -margin, gain.pairs_needed(margin))


def rate_within(
    rate: float, amount: int, limit: float, *, at_least: bool, tests: int, independent: float | None = None
) -> Result:
    """Whether a rate is at least (or at most) the limit, by Wilson's interval.

    `independent` is how many of the amount tell the rate by themselves, if not all do: then more are needed.
    """
    if not amount:
        return Result(Met.CANNOT_TELL, 0, limit, needed=_rate_needed(None, limit))
    size = independent or amount
    intervals = [wilson_interval(rate, size, z) for z in (Z_INTERVAL, corrected_quantile(tests))]
    needed = _rate_needed(rate, limit)
    needed = None if needed is None else whole_number(needed * (amount / size))
    return _within(rate, intervals, amount, limit, at_least=at_least, needed=needed)


def mean_within(
    mean: float | None, deviation: float | None, amount: int, limit: float, *, at_least: bool, tests: int
) -> Result:
    """Whether a mean is at least (or at most) the limit, by Student's interval. Needs `MIN_PAIRS` values."""
    if mean is None or deviation is None or amount < MIN_PAIRS:
        return Result(Met.CANNOT_TELL, amount, limit, mean, needed=MIN_PAIRS)
    error = deviation / math.sqrt(amount)
    quantiles = [student_quantile(z, amount - 1) for z in (Z_INTERVAL, corrected_quantile(tests))]
    intervals = [(mean - quantile * error, mean + quantile * error) for quantile in quantiles]
    distance = abs(mean - limit)
    needed = whole_number(((Z_INTERVAL + Z_POWER) * (deviation / distance)) ** 2) if distance > 1e-100 else None
    return _within(mean, intervals, amount, limit, at_least=at_least, needed=needed)


def student_quantile(normal: float, degrees: int) -> float:
    """The quantile of Student's t from that of the normal distribution (Abramowitz and Stegun 26.7.5)."""
    z, v = normal, degrees
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * v**4)
    )


def overall(results: Sequence[Met]) -> Met:
    """A check fails if one requirement fails, and passes if all pass."""
    if Met.FAILED in results:
        return Met.FAILED
    return Met.CANNOT_TELL if Met.CANNOT_TELL in results or not results else Met.PASSED


def _of(met: Met, gain: Gain, limit: float, needed: int | None = None) -> Result:
    return Result(met, gain.pairs, limit, gain.estimate, gain.low, gain.high, needed)


def _within(
    estimate: float,
    intervals: Sequence[tuple[float, float]],
    amount: int,
    limit: float,
    *,
    at_least: bool,
    needed: int | None,
) -> Result:
    """The result from the 95 % interval and the one that is widened over all requirements."""
    (low, high), (widest_low, widest_high) = intervals
    if low >= limit if at_least else high <= limit:
        met = Met.PASSED
    elif widest_high < limit if at_least else widest_low > limit:
        met = Met.FAILED
    else:
        met = Met.CANNOT_TELL
    more = None if met is not Met.CANNOT_TELL or needed is None else max(needed, amount + 1)
    return Result(met, amount, limit, estimate, low, high, more)


def _rate_needed(rate: float | None, limit: float) -> int | None:
    """Datapoints that settle a rate on its side of the limit with 80 % power. For none or all, the square-root rule."""
    if rate is None:
        return MIN_PAIRS
    if rate in (0, 1):
        # Wilson's interval of none or all of n ends at z^2 / (n + z^2).
        gap = abs(rate - limit)
        return whole_number(Z_INTERVAL**2 * (1 - gap) / gap) if gap > 1e-100 else None
    if abs(rate - limit) < 1e-100:
        return None
    spread = Z_INTERVAL * math.sqrt(limit * (1 - limit)) + Z_POWER * math.sqrt(rate * (1 - rate))
    return whole_number((spread / (rate - limit)) ** 2)
