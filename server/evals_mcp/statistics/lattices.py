"""The exact distribution of the means of random halves of numbers that are multiples of one step, such as ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ADDITIONS = 1e7
"""More would take longer than a draw is worth."""

_PARTS = 20  # of the smallest number that the step may be
_ROUNDING = 1e-12  # of the largest number


def subset_means(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], float] | None:
    """The means of all subsets in order, their chances, and the chance of the empty subset.

    Equal means may come several times. None if the values have no common step, or too many sums.
    """
    import numpy as np

    found = _multiples(values)
    if found is None:
        return None
    multiples, step = found
    lowest, sums = int(multiples[multiples < 0].sum()), int(np.abs(multiples).sum()) + 1
    if float(sums) * len(values) ** 2 > MOST_ADDITIONS:
        return None
    chances = np.zeros((len(values) + 1, sums))  # by the size of a subset and its sum above the lowest
    chances[0, -lowest] = 1.0
    first = last = -lowest  # the columns in use: few while the added values are small
    for added, multiple in enumerate(sorted(multiples.tolist(), key=abs)):
        before = chances[: added + 1, first : last + 1] / 2
        chances[: added + 1, first : last + 1] = before
        chances[1 : added + 2, first + multiple : last + multiple + 1] += before
        first, last = min(first, first + multiple), max(last, last + multiple)
    sizes, indexes = np.nonzero(chances[1:])
    means = (indexes + lowest) * step / (sizes + 1)
    order = np.argsort(means, kind="stable")
    return means[order], chances[1:][sizes, indexes][order], float(chances[0, -lowest])


def _multiples(values: NDArray[Any]) -> tuple[NDArray[Any], float] | None:
    """The values as whole multiples of a step, and the step; None without one."""
    import numpy as np

    sizes = np.abs(values)
    some = sizes > _ROUNDING * sizes.max()
    smallest = float(sizes[some].min())
    if sizes.max() / smallest > MOST_ADDITIONS / len(values) ** 2:
        return None
    in_units = np.where(some, values / smallest, 0.0)
    for parts in range(1, _PARTS + 1):
        multiples = np.rint(in_units * parts)
        if np.abs(in_units * parts - multiples).max() <= _ROUNDING * parts * np.abs(in_units).max() * 100:
            return multiples.astype(np.int64), smallest / parts
    return None
