"""The result of a paired comparison by one evaluator, and its verdict. No tests, no text."""

from dataclasses import dataclass, replace
from enum import StrEnum

SIGNIFICANCE = 0.05
POWER = 0.8
# Each datapoint can go two ways, so the smallest two-sided p of n pairs is 2 / 2**n: above 0.05 up to n = 5.
MIN_PAIRS = 6

LEAST_SECONDS = 0.01
"""A smaller difference of latency matters to nobody, and may be the clock's or the network's."""


class Verdict(StrEnum):
    """The verdict on a candidate against a baseline. `DIFFERENT` is significant but has no direction."""

    BETTER = "better"
    WORSE = "worse"
    DIFFERENT = "different"
    NO_SIGNIFICANT_DIFFERENCE = "no significant difference"
    NEGLIGIBLE = "negligible"
    TOO_FEW_PAIRS = "too few pairs"
    NOTHING_TO_COMPARE = "nothing to compare"
    NOT_COMPARABLE = "not comparable"


class PairedTest(StrEnum):
    """The test behind the p-value. `SIGN_FLIP` uses resampling if `p_error` is set, else it is exact."""

    MCNEMAR = "McNemar's exact test"
    SIGN_FLIP = "paired sign-flip permutation test"
    STUART_MAXWELL = "Stuart-Maxwell test of marginal homogeneity"
    PER_OPTION = "one paired test per option, Holm's correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionShift:
    """How often one option was selected over the paired datapoints.

    Counts are sums of shares if a datapoint has several logs. Shares refer to all pairs. `difference` is candidate
    share minus baseline share. `p_value` and its Holm-adjusted form exist for multi_select only.
    """

    option: str
    valence: str | None
    baseline: float
    candidate: float
    baseline_share: float
    candidate_share: float
    difference: float
    p_value: float | None = None
    adjusted_p: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A candidate against a baseline by one evaluator, over the datapoints with a value in both.

    `baseline` and `candidate` are means (for booleans: rates of true) over these pairs, `difference` is candidate minus
    baseline, and `low` to `high` is its 95 % interval. `p_value` is two-sided; `p_error` is the Monte-Carlo standard
    error of a resampled one. `better` and `worse` count datapoints by the evaluator's direction (None without one),
    `higher` and `lower` those of numbers and booleans in any case; `changed` and `same` add up to `pairs`.
    `direction` of a significant difference: 1 better, -1 worse, 0 neither.
    `pairs_needed` would detect the observed difference with 80 % power; None without a difference. With too few pairs
    there is no p-value and no test, but booleans still have an interval. `averaged`: some datapoint had several values,
    which were averaged. `ignored` counts values of another type or that are not finite. `negligible`: the difference is
    too small for a verdict. Deviations are sample standard deviations of a side's values over the pairs; None for fewer
    than two pairs, and for options.
    """

    kind: str
    verdict: Verdict = Verdict.NOTHING_TO_COMPARE
    pairs: int = 0
    only_baseline: int = 0
    only_candidate: int = 0
    ignored: int = 0
    averaged: bool = False
    baseline: float | None = None
    candidate: float | None = None
    difference: float | None = None
    baseline_deviation: float | None = None
    candidate_deviation: float | None = None
    low: float | None = None
    high: float | None = None
    test: PairedTest | None = None
    p_value: float | None = None
    p_error: float | None = None
    adjusted_p: float | None = None
    better: int | None = None
    worse: int | None = None
    higher: int | None = None
    lower: int | None = None
    changed: int = 0
    same: int = 0
    direction: int = 0
    pairs_needed: int | None = None
    options: tuple[OptionShift, ...] = ()
    negligible: bool = False


def not_comparable(kind: str) -> Comparison:
    """The result for text, and for evaluators whose return type differs between the runs."""
    return Comparison(kind=kind, verdict=Verdict.NOT_COMPARABLE)


def decide(comparison: Comparison) -> Comparison:
    """Set the verdict from the pairs, the (adjusted, if set) p-value and the direction.

    Significant means p <= 0.05. With fewer than `MIN_PAIRS` pairs nothing can be significant, so p-value and test are
    dropped: they are no evidence of equality. Without significance, `pairs_needed` exceeds the pairs.
    """
    if comparison.verdict is Verdict.NOT_COMPARABLE or comparison.pairs == 0:
        return comparison
    needed = comparison.pairs_needed
    more = None if needed is None else max(needed, comparison.pairs + 1, MIN_PAIRS)
    if comparison.pairs < MIN_PAIRS:
        blank = replace(comparison, p_value=None, p_error=None, adjusted_p=None, test=None, direction=0)
        return replace(blank, verdict=Verdict.TOO_FEW_PAIRS, pairs_needed=more)
    if comparison.negligible and comparison.changed:
        return replace(comparison, verdict=Verdict.NEGLIGIBLE, pairs_needed=None)
    p_value = comparison.p_value if comparison.adjusted_p is None else comparison.adjusted_p
    if p_value is None or p_value > SIGNIFICANCE:
        return replace(comparison, verdict=Verdict.NO_SIGNIFICANT_DIFFERENCE, pairs_needed=more)
    directions = {1: Verdict.BETTER, -1: Verdict.WORSE, 0: Verdict.DIFFERENT}
    return replace(comparison, verdict=directions[comparison.direction])
