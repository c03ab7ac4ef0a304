"""Compare two runs by a boolean evaluator: McNemar's exact test and Tango's interval. No pairing, no text."""

from __future__ import annotations

import math
from dataclasses import replace

from evals_mcp.statistics.distributions import Z_INTERVAL, Z_POWER, binomial_half_tail, bisect
from evals_mcp.statistics.numbers import compare_numbers, summarize_changes
from evals_mcp.statistics.pairing import NumberPairs
from evals_mcp.statistics.results import MIN_PAIRS, SIGNIFICANCE, Comparison, PairedTest, decide


def compare_booleans(pairs: NumberPairs, valence: str = "positive") -> Comparison:
    """Compare rates of true. With positive `valence`, true is better.

    If repeats of a datapoint disagree, its rate is a fraction, and rates are compared like numbers. The exact test is a
    little more cautious than the interval, so the interval is widened up to zero if the test is not significant.
    """
    import numpy as np

    both = np.concatenate((pairs.baseline, pairs.candidate))
    if not ((both == 0) | (both == 1)).all():
        return compare_numbers(pairs, valence, "boolean")
    result = summarize_changes(pairs, valence, "boolean")
    if not pairs.pairs:
        return decide(result)
    gained = int((pairs.candidate > pairs.baseline).sum())
    lost = result.changed - gained
    p_value = mcnemar(gained, lost)
    low, high = tango_interval(gained, lost, pairs.pairs)
    if p_value > SIGNIFICANCE:
        low, high = min(low, 0.0), max(high, 0.0)
    return decide(
        replace(
            result,
            low=low,
            high=high,
            test=PairedTest.MCNEMAR,
            p_value=p_value,
            pairs_needed=boolean_pairs_needed(gained, lost, pairs.pairs),
        )
    )


def mcnemar(gained: int, lost: int) -> float:
    """McNemar's exact two-sided p: the binomial test that changed pairs go either way with equal probability."""
    return min(1.0, 2 * binomial_half_tail(min(gained, lost), gained + lost))


def tango_interval(gained: int, lost: int, pairs: int) -> tuple[float, float]:
    """The 95 % score interval of the rate of gained minus lost pairs, also for small numbers and empty cells.

    Tango 1998, Statistics in Medicine 17:891; recommended for paired proportions by Fagerland, Lydersen and Laake
    2014, Statistics in Medicine 33:2850.
    """
    return _tango_low(gained, lost, pairs), -_tango_low(lost, gained, pairs)


def boolean_pairs_needed(gained: int, lost: int, pairs: int) -> int | None:
    """Pairs for McNemar's test to detect this difference at level 0.05 with 80 % power; None without a difference.

    n = (z_0.975 sqrt(p) + z_0.8 sqrt(p - d^2))^2 / d^2 for the rate p of changed pairs and the difference d
    (Connor 1987, Biometrics 43:207).
    """
    if gained == lost:
        return None
    changed, difference = (gained + lost) / pairs, (gained - lost) / pairs
    spread = Z_INTERVAL * math.sqrt(changed) + Z_POWER * math.sqrt(max(0.0, changed - difference**2))
    return max(MIN_PAIRS, math.ceil((spread / difference) ** 2))


def _tango_low(gained: int, lost: int, pairs: int) -> float:
    return bisect(lambda t: _tango_score(t, gained, lost, pairs) - Z_INTERVAL, -1.0, (gained - lost) / pairs)


def _tango_score(difference: float, gained: int, lost: int, pairs: int) -> float:
    """The score statistic of a true difference, with the other parameter at its maximum likelihood (a quadratic)."""
    a = 2 * pairs
    b = -gained - lost + (2 * pairs - gained + lost) * difference
    c = -lost * difference * (1 - difference)
    lost_rate = (math.sqrt(max(0.0, b * b - 4 * a * c)) - b) / (2 * a)
    variance = pairs * (2 * lost_rate + difference * (1 - difference))
    distance = gained - lost - pairs * difference
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)
