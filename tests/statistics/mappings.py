"""Comparisons of judgments in mappings, value by value: a second way to what the product does with columns."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from evals_mcp.statistics.booleans import compare_booleans
from evals_mcp.statistics.numbers import compare_numbers
from evals_mcp.statistics.options import compare_multi_selects, compare_selects
from evals_mcp.statistics.pairing import NumberPairs, OptionPairs, Profile, is_number
from evals_mcp.statistics.results import Comparison, not_comparable


def compare(
    kind: str,
    baseline: Mapping[str, Sequence[object]],
    candidate: Mapping[str, Sequence[object]],
    valence: str = "positive",
    options: Mapping[str, str | None] | None = None,
) -> Comparison:
    """Compare a candidate's judgments with a baseline's: per side the values of each datapoint, None for null.

    With positive `valence`, true or higher is better. `options` are the declared ones in order. Text cannot be
    compared. The p-value is uncorrected: pass all comparisons of an answer through `corrections.correct`.
    """
    if kind == "boolean":
        return compare_booleans(pair_numbers(baseline, candidate, "boolean"), valence)
    if kind == "number":
        return compare_numbers(pair_numbers(baseline, candidate), valence)
    if kind == "select":
        return compare_selects(pair_options(baseline, candidate), options or {})
    if kind == "multi_select":
        return compare_multi_selects(pair_options(baseline, candidate, "multi_select"), options or {})
    return not_comparable(kind)


def pair_numbers(
    baseline: Mapping[str, Sequence[object]], candidate: Mapping[str, Sequence[object]], kind: str = "number"
) -> NumberPairs:
    """Pair numbers, or booleans as 0 and 1: per side the values of each datapoint, None for no value.

    Ignores values of another type, also booleans among numbers and numbers among booleans.
    """
    left, right, keys, coverage = _meet(baseline, candidate, _is_boolean if kind == "boolean" else is_number)
    return NumberPairs(
        keys=keys,
        baseline=np.array(_means(left, keys), dtype=float),
        candidate=np.array(_means(right, keys), dtype=float),
        **coverage,
    )


def pair_options(
    baseline: Mapping[str, Sequence[object]], candidate: Mapping[str, Sequence[object]], kind: str = "select"
) -> OptionPairs:
    """Pair options: strings for select, sequences of strings for multi_select, None for no value."""
    several = kind == "multi_select"
    left, right, keys, coverage = _meet(baseline, candidate, _is_options if several else _is_option)
    profile = _profile_of_several if several else _profile_of_one
    pairs = Counter((profile(left[key]), profile(right[key])) for key in keys)
    return OptionPairs(profiles=pairs, **coverage)


def _meet(
    baseline: Mapping[str, Sequence[object]],
    candidate: Mapping[str, Sequence[object]],
    accepts: Callable[[object], bool],
) -> tuple[dict[str, Sequence[Any]], dict[str, Sequence[Any]], list[str], dict[str, Any]]:
    left, left_ignored = _accepted(baseline, accepts)
    right, right_ignored = _accepted(candidate, accepts)
    keys = [key for key in left if key in right]
    coverage = {
        "pairs": len(keys),
        "only_baseline": len(left) - len(keys),
        "only_candidate": len(right) - len(keys),
        "ignored": left_ignored + right_ignored,
        "averaged": any(len(side[key]) > 1 for side in (left, right) for key in keys),
    }
    return left, right, keys, coverage


def _accepted(
    values: Mapping[str, Sequence[object]], accepts: Callable[[object], bool]
) -> tuple[dict[str, Sequence[Any]], int]:
    paired: dict[str, Sequence[Any]] = {}
    ignored = 0
    for key, candidates in values.items():
        if len(candidates) == 1 and accepts(candidates[0]):
            paired[key] = candidates
            continue
        present = [value for value in candidates if value is not None]
        good = [value for value in present if accepts(value)]
        ignored += len(present) - len(good)
        if good:
            paired[key] = good
    return paired, ignored


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _is_option(value: object) -> bool:
    return isinstance(value, str)


def _is_options(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(isinstance(name, str) for name in value)


def _means(values: Mapping[str, Sequence[float]], keys: Iterable[str]) -> list[float]:
    every = [values[key] for key in keys]
    return [repeats[0] if len(repeats) == 1 else math.fsum(repeats) / len(repeats) for repeats in every]


def _profile_of_one(values: Sequence[str]) -> Profile:
    return ((values[0], 1.0),) if len(values) == 1 else _shares(tuple((value,) for value in values))


def _profile_of_several(values: Sequence[Iterable[str]]) -> Profile:
    return _shares(tuple(tuple(chosen) for chosen in values))


@lru_cache(maxsize=4096)
def _shares(logs: tuple[tuple[str, ...], ...]) -> Profile:
    counts = Counter(name for chosen in logs for name in set(chosen))
    return tuple((name, count / len(logs)) for name, count in sorted(counts.items()))
