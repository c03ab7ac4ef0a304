"""Pages of rows, and batches of values for a statement; no tables."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")

LARGEST_PAGE = 1000
"""Larger sizes are answered with this many rows."""

_LARGEST_BATCH = 10_000


_FARTHEST = 2**30
"""Rows before a page, at most: positions have 32 bits on PostgreSQL, and there are not so many rows."""


class Window(NamedTuple):
    """Which rows a page holds: `limit` rows after the first `offset`."""

    limit: int
    offset: int


def window(page: int, size: int) -> Window:
    """The rows of a page (from 1) of `size` rows; sizes over `LARGEST_PAGE` are cut to it."""
    limit = min(size, LARGEST_PAGE)
    return Window(limit, min((max(page, 1) - 1) * limit, _FARTHEST))


def batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in their order, in parts that one statement can name (databases limit its parameters)."""
    for start in range(0, len(values), _LARGEST_BATCH):
        yield values[start : start + _LARGEST_BATCH]
