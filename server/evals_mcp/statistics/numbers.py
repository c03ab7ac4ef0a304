"""Compare two runs by a number evaluator or measure: the change of the mean. No pairing, no text."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from evals_mcp.statistics.distributions import Z_INTERVAL, Z_POWER
from evals_mcp.statistics.pairing import NumberPairs
from evals_mcp.statistics.results import MIN_PAIRS, Comparison, PairedTest, decide
from evals_mcp.statistics.sign_flips import flip_test

if TYPE_CHECKING:
    from numpy.typing import NDArray


def compare_numbers(pairs: NumberPairs, valence: str = "positive", kind: str = "number") -> Comparison:
    """Compare means by the paired sign-flip test and its interval. With positive `valence`, higher is better."""
    result = summarize_changes(pairs, valence, kind)
    if not pairs.pairs:
        return decide(result)
    differences = pairs.differences()
    test = flip_test(differences)
    return decide(
        replace(
            result,
            low=test.low,
            high=test.high,
            test=PairedTest.SIGN_FLIP,
            p_value=test.p_value,
            p_error=test.p_error,
            pairs_needed=number_pairs_needed(differences),
        )
    )


def summarize_changes(pairs: NumberPairs, valence: str, kind: str) -> Comparison:
    """Means, their difference, and how many datapoints changed in each direction. No test."""
    result = pairs.begin(kind)
    if not pairs.pairs:
        return result
    differences = pairs.differences()
    higher, lower = int((differences > 0).sum()), int((differences < 0).sum())
    difference = math.fsum(differences.tolist()) / pairs.pairs
    better, worse = {"positive": (higher, lower), "negative": (lower, higher)}.get(valence, (None, None))
    upward = (difference > 0) - (difference < 0)
    return replace(
        result,
        baseline=math.fsum(pairs.baseline.tolist()) / pairs.pairs,
        candidate=math.fsum(pairs.candidate.tolist()) / pairs.pairs,
        difference=difference,
        baseline_deviation=deviation(pairs.baseline),
        candidate_deviation=deviation(pairs.candidate),
        better=better,
        worse=worse,
        higher=higher,
        lower=lower,
        changed=higher + lower,
        same=pairs.pairs - higher - lower,
        direction={"positive": upward, "negative": -upward}.get(valence, 0),
    )


def deviation(values: NDArray[Any]) -> float | None:
    """The sample standard deviation; None for fewer than two values."""
    if len(values) < 2:
        return None
    # Equal values have none, but rounding gives their mean one. Sorted, any order has the same.
    import numpy as np

    return float(np.sort(values).std(ddof=1)) if (values != values[0]).any() else 0.0


def number_pairs_needed(differences: NDArray[Any]) -> int | None:
    """Pairs to detect this mean difference at level 0.05 with 80 % power; None without a difference or with one pair.

    n = (z_0.975 + z_0.8)^2 s^2 / mean^2 for the spread s of the differences (Cohen 1988, section 2.5; normal
    approximation).
    """
    pairs = len(differences)
    mean = math.fsum(differences.tolist()) / pairs
    if mean == 0 or pairs < 2:
        return None
    variance = math.fsum(((differences - mean) ** 2).tolist()) / (pairs - 1)
    ratio = (Z_INTERVAL + Z_POWER) * math.sqrt(variance) / mean
    needed = ratio * ratio
    return max(MIN_PAIRS, math.ceil(needed)) if math.isfinite(needed) else None
