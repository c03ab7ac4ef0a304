"""Statistics of one evaluator in one run, in the API's shapes. No I/O, no comparison.

Each function takes the judgments that did not fail (None for abstained) and the number of failed ones. A run's total is
the sum of judged, abstained and failed.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

PERCENTILES = ("0", "25", "50", "75", "90", "95", "99", "99.9", "100")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgmentCounts:
    """The numbers of judged, abstained (null) and failed evaluator logs. `total_logs` is their sum.

    `num_passed` and `num_not_passed` count those that say so; None if none does. Text has no other statistics.
    """

    total_logs: int
    num_judgments: int
    num_nulls: int
    num_errors: int
    num_passed: int | None = None
    num_not_passed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BooleanStats(JudgmentCounts):
    """Counts of true and false. They add up to `num_judgments`."""

    num_true: int
    num_false: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberStats(JudgmentCounts):
    """Mean, sum, population standard deviation and percentiles of the finite judgments.

    Without judgments, the first three are None and `percentiles` is empty; else it has exactly the keys of
    `PERCENTILES`. NaN and infinity count as judgments but are in no other figure.
    `sum` is also None if it exceeds the range of a float.
    """

    mean: float | None = None
    sum: float | None = None
    std: float | None = None
    percentiles: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionStats(JudgmentCounts):
    """Judgments per option: all declared options in order, even with none, then others by name."""

    num_judgments_per_option: dict[str, int]


def boolean_stats(judgments: Iterable[bool | None], num_errors: int = 0) -> BooleanStats:
    """Aggregate a boolean evaluator."""
    counts = Counter(judgments)
    num_true, num_false, nulls = counts[True], counts[False], counts[None]
    judged = num_true + num_false
    return BooleanStats(
        total_logs=judged + nulls + num_errors,
        num_judgments=judged,
        num_nulls=nulls,
        num_errors=num_errors,
        num_true=num_true,
        num_false=num_false,
    )


def number_stats(judgments: Iterable[float | None], num_errors: int = 0) -> NumberStats:
    """Aggregate a number evaluator. Sums are correctly rounded in any order; time is O(n log n)."""
    everything = list(judgments)
    judged = [value for value in everything if value is not None]
    values = sorted(float(value) for value in judged if _is_finite(value))
    nulls = len(everything) - len(judged)
    mean, total, std = _moments(values)
    return NumberStats(
        total_logs=len(everything) + num_errors,
        num_judgments=len(judged),
        num_nulls=nulls,
        num_errors=num_errors,
        mean=mean,
        sum=total,
        std=std,
        percentiles={key: percentile(values, float(key) / 100) for key in PERCENTILES} if values else {},
    )


def select_stats(judgments: Iterable[str | None], num_errors: int = 0, options: Sequence[str] = ()) -> OptionStats:
    """Aggregate an evaluator that selects one option. `options` are the declared ones in order."""
    counts = Counter(judgments)
    return _option_stats(counts, counts, num_errors, options)


def multi_select_stats(
    judgments: Iterable[Sequence[str] | None], num_errors: int = 0, options: Sequence[str] = ()
) -> OptionStats:
    """Aggregate an evaluator that selects several options. Each selected option counts once per judgment."""
    sets = Counter(None if value is None else tuple(sorted(set(value))) for value in judgments)
    chosen: Counter[str | None] = Counter()
    for value, count in sets.items():
        for option in value or ():
            chosen[option] += count
    return _option_stats(sets, chosen, num_errors, options)


def percentile(ordered: Sequence[float], fraction: float) -> float:
    """The value below which `fraction` (0 to 1) of the ascending `ordered` lie, interpolated linearly (type 7)."""
    position = fraction * (len(ordered) - 1)
    below = min(int(position), len(ordered) - 1)
    low, high = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
    weight = position - below
    return low if low == high else low * (1 - weight) + high * weight


def _moments(ordered: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    if not ordered:
        return None, None, None
    if ordered[0] == ordered[-1]:
        mean, std = ordered[0], 0.0
        total = mean * len(ordered)
    else:
        # A power of two is an exact factor. It keeps sums and squares in the range of a float.
        exponent = math.frexp(max(-ordered[0], ordered[-1]))[1]
        extreme = abs(exponent) > 400
        scaled = [math.ldexp(value, -exponent) for value in ordered] if extreme else ordered
        scaled_sum = math.fsum(scaled)
        scaled_mean = scaled_sum / len(ordered)
        spread = math.sqrt(math.fsum((value - scaled_mean) ** 2 for value in scaled) / len(ordered))
        if not extreme:
            return scaled_mean, scaled_sum, spread
        mean, std = math.ldexp(scaled_mean, exponent), math.ldexp(spread, exponent)
        total = scaled_sum * 2.0 ** (exponent - 1) * 2.0
    return mean, total if math.isfinite(total) else None, std


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _option_stats(
    judgments: Counter[Any],
    chosen: Counter[str | None],
    num_errors: int,
    options: Sequence[str],
) -> OptionStats:
    nulls = judgments[None]
    judged = judgments.total() - nulls
    others = sorted(option for option in chosen if option is not None and option not in options)
    return OptionStats(
        total_logs=judged + nulls + num_errors,
        num_judgments=judged,
        num_nulls=nulls,
        num_errors=num_errors,
        num_judgments_per_option={option: chosen[option] for option in (*options, *others)},
    )
