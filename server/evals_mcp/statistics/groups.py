"""Put items into groups by a value, or by a number in bins of about equal size. No comparison, no text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from evals_mcp.models.groups import GroupName

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_NUMBERS = 12
"""Numbers with more values than this are put into bins."""

BINS = 5


class Groups(NamedTuple):
    """The group of each item, as an index into `names`. Each group has an item."""

    indexes: NDArray[Any]
    names: list[GroupName]


def value_groups(codes: NDArray[Any], labels: Sequence[str]) -> Groups:
    """A group for each code in use, in the order of `labels`, then one for items without a value (code -1)."""
    import numpy as np

    used, indexes = np.unique(np.where(codes < 0, len(labels), codes), return_inverse=True)
    names = [
        GroupName(kind="none") if code == len(labels) else GroupName(kind="value", value=labels[code])
        for code in used.tolist()
    ]
    return Groups(indexes, names)


def number_groups(numbers: NDArray[Any]) -> Groups:
    """A group for each number, or bins of many numbers, in order; then one for NaN."""
    import numpy as np

    known = ~np.isnan(numbers)
    values = np.unique(numbers[known])
    if len(values) <= MOST_NUMBERS:
        ends = values
    else:
        parts = np.arange(1, BINS) / BINS
        ends = np.unique([*np.quantile(numbers[known], parts, method="inverted_cdf"), values[-1]])
    bins = np.where(known, np.searchsorted(ends, numbers), len(ends))
    used, indexes = np.unique(bins, return_inverse=True)
    names = [_range(numbers[known & (bins == index)]) for index in used.tolist() if index < len(ends)]
    return Groups(indexes, names if known.all() else [*names, GroupName(kind="none")])


def _range(numbers: NDArray[Any]) -> GroupName:
    return GroupName(kind="range", low=float(numbers.min()), high=float(numbers.max()))


def pool_groups(groups: Groups, amounts: Sequence[int], least: int) -> Groups:
    """The groups with their small ones as one, the last. `amounts` are the sizes; one small group stays as it is.

    Groups of size 0 are left out: their items have the index -1.
    """
    import numpy as np

    small = [0 < amount < least for amount in amounts]
    pooled = sum(small) if sum(small) > 1 else 0
    new = np.full(len(amounts), -1)
    names: list[GroupName] = []
    for index, amount in enumerate(amounts):
        if amount and not (pooled and small[index]):
            new[index] = len(names)
            names.append(groups.names[index])
    if pooled:
        new[small] = len(names)
        names.append(GroupName(kind="others", pooled=pooled))
    return Groups(new[groups.indexes], names)
