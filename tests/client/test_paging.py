"""Reading a list to its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.client.paging import pages
from evals_mcp.models.pages import PaginatedData

pytestmark = pytest.mark.anyio


class Listing:
    """A list of numbers in pages, which counts how often it is asked and may be wrong about its total."""

    def __init__(self, count: int, size: int, said: int | None = None) -> None:
        self.count = count
        self.size = size
        self.said = count if said is None else said
        self.asked: list[int] = []

    async def fetch(self, page: int) -> PaginatedData[int]:
        """One page."""
        self.asked.append(page)
        records = list(range(self.count))[(page - 1) * self.size : page * self.size]
        return PaginatedData[int](records=records, page=page, size=self.size, total=self.said)


@given(st.integers(0, 30), st.integers(1, 7))
async def test_every_record_comes_once(count: int, size: int) -> None:
    """All pages together are the list in order, and no page is asked for that need not be."""
    listing = Listing(count, size)
    seen = [record async for page in pages(listing.fetch) for record in page.records]
    assert seen == list(range(count))
    assert len(listing.asked) == max(1, -(-count // size))


async def test_an_empty_page_ends_a_list_that_promised_more() -> None:
    """A total that counts what is no longer there does not make the reading endless."""
    listing = Listing(3, 2, said=100)
    assert [page.records async for page in pages(listing.fetch)] == [[0, 1], [2]]
    assert listing.asked == [1, 2, 3]
