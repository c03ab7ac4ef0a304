"""Pages of rows, and batches of values for a statement. No tables."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")

LARGEST_PAGE = 1000
"""The most rows of a page. Larger sizes count as this."""

_LARGEST_BATCH = 10_000


_FARTHEST = 2**30
"""The largest offset, because positions have 32 bits on PostgreSQL. No table has so many rows."""


class Window(NamedTuple):
    """The rows of a page: `limit` rows after the first `offset`."""

    limit: int
    offset: int


def window(page: int, size: int) -> Window:
    """The window of a page (from 1) with `size` rows, at most `LARGEST_PAGE`."""
    limit = min(size, LARGEST_PAGE)
    return Window(limit, min((max(page, 1) - 1) * limit, _FARTHEST))


def batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Split values, in order, into batches that fit into one statement. Databases limit its parameters."""
    for start in range(0, len(values), _LARGEST_BATCH):
        yield values[start : start + _LARGEST_BATCH]
