"""Pair the values of a baseline and a candidate by datapoint, and average repeats. No tests."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

from evals_mcp.statistics.results import Comparison

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Squares and sums of such numbers stay finite. Larger values are neither judgments nor measurements.
LARGEST = 1e150

Profile = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How far two runs overlap: datapoints with a value on both sides, or on one side only.

    `ignored` counts values of both sides with another type or that are not finite. `averaged`: some datapoint had
    several values.
    """

    pairs: int
    only_baseline: int
    only_candidate: int
    ignored: int
    averaged: bool

    def begin(self, kind: str) -> Comparison:
        """A comparison with only its coverage filled in."""
        return Comparison(
            kind=kind,
            pairs=self.pairs,
            only_baseline=self.only_baseline,
            only_candidate=self.only_candidate,
            ignored=self.ignored,
            averaged=self.averaged,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NumberPairs(Coverage):
    """One number per side for each shared datapoint: `baseline[i]` and `candidate[i]` belong to `keys[i]`.

    Booleans are 0 and 1, or shares of true if a datapoint has several logs.
    """

    keys: Sequence[Hashable]
    baseline: NDArray[Any]
    candidate: NDArray[Any]

    def differences(self) -> NDArray[Any]:
        """Candidate minus baseline. Mere rounding of averages becomes exactly zero."""
        import numpy as np

        difference = self.candidate - self.baseline
        size = np.maximum(np.abs(self.candidate), np.abs(self.baseline))
        return np.where(np.abs(difference) <= 1e-12 * size, 0.0, difference)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionPairs(Coverage):
    """How many shared datapoints have each pair of profiles (baseline, candidate).

    A profile lists the options selected for a datapoint with their shares of its logs, sorted by name. So disagreeing
    repeats become fractions of an option, as repeated numbers become their mean.
    """

    profiles: Mapping[tuple[Profile, Profile], int]


def pair_columns(
    baseline_keys: ArrayLike,
    baseline_values: ArrayLike,
    candidate_keys: ArrayLike,
    candidate_values: ArrayLike,
) -> NumberPairs:
    """Pair numbers or booleans given as columns: whole-number keys of datapoints (repeats allowed) and values.

    NaN, infinite and absurdly large values are ignored and counted, so remove missing values first.
    """
    import numpy as np

    left_keys, left, left_ignored, left_averaged = _column_means(baseline_keys, baseline_values)
    right_keys, right, right_ignored, right_averaged = _column_means(candidate_keys, candidate_values)
    keys = left_keys
    if not np.array_equal(left_keys, right_keys):
        keys, at_left, at_right = np.intersect1d(left_keys, right_keys, assume_unique=True, return_indices=True)
        left, right = left[at_left], right[at_right]
    return NumberPairs(
        keys=keys.tolist(),
        baseline=left,
        candidate=right,
        pairs=len(keys),
        only_baseline=len(left_keys) - len(keys),
        only_candidate=len(right_keys) - len(keys),
        ignored=left_ignored + right_ignored,
        averaged=left_averaged or right_averaged,
    )


def is_number(value: object) -> TypeGuard[float]:
    """Whether this is a number to compare: not a boolean, not NaN, and not beyond `LARGEST`."""
    return isinstance(value, (float, int)) and not isinstance(value, bool) and -LARGEST <= value <= LARGEST


def _column_means(keys: ArrayLike, values: ArrayLike) -> tuple[NDArray[Any], NDArray[Any], int, bool]:
    import numpy as np

    every_key, every_value = np.asarray(keys), np.asarray(values, dtype=float)
    with np.errstate(invalid="ignore"):
        good = np.abs(every_value) <= LARGEST
    key, value, ignored = every_key[good], every_value[good], len(every_value) - int(good.sum())
    if (key[1:] > key[:-1]).all():
        return key, value + 0.0, ignored, False  # 0.0 for -0.0, as sums have it
    unique, position, counts = np.unique(key, return_inverse=True, return_counts=True)
    sums = np.bincount(position, weights=value, minlength=len(unique))
    return unique, sums / counts, ignored, bool((counts > 1).any())
