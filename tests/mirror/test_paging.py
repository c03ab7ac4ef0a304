"""Lists are read whole, each record once, whatever a server says of their length and whatever size its pages have."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals_mcp.client.raw_pages import RawPage
from evals_mcp.errors import EvalsError, NotFound, Unauthorized, Unavailable
from evals_mcp.importers.api_records import key_of
from evals_mcp.mirror.paging import PagedList, read_pages, read_records

pytestmark = pytest.mark.anyio


class Listing:
    """A list of `amount` records on a server that gives `size` on a page and says that there are `total`."""

    def __init__(self, amount: int, *, size: int = 100, total: int | None = None) -> None:
        self.records = [{"id": f"r{number}"} for number in range(amount)]
        self.size = size
        self.total = amount if total is None else total
        self.asked: list[int] = []
        self.failing: dict[int, EvalsError] = {}

    async def fetch(self, number: int) -> RawPage:
        """A page."""
        self.asked.append(number)
        if number in self.failing:
            raise self.failing[number]
        return RawPage(records=self.records[(number - 1) * self.size : number * self.size], total=self.total)


async def read(pages: PagedList, listing: Listing) -> list[str]:
    """The ids that reading what is left of a list gives, in the order of the pages."""
    found: dict[int, list[str]] = {}

    async def take(number: int, fresh: list[Any]) -> None:
        found[number] = [item["id"] for item in fresh]

    await read_pages(pages, listing.fetch, take)
    return [id for number in sorted(found) for id in found[number]]


@given(
    amount=st.integers(0, 60),
    size=st.integers(3, 12),
    total=st.one_of(st.none(), st.integers(0, 120)),
    counted=st.booleans(),
)
async def test_every_record_is_read_once(amount: int, size: int, total: int | None, counted: bool) -> None:
    """Whether the total is right, too small or too large; few pages are asked for in vain."""
    listing = Listing(amount, size=size, total=total)
    pages = PagedList(key_of, counted=amount if counted else None)
    assert await read(pages, listing) == [item["id"] for item in listing.records]
    assert pages.is_whole
    assert not pages.has_shifted
    promised = max(listing.total, amount)
    assert len(listing.asked) <= -(-promised // min(size, max(amount, 1))) + 2
    assert len(listing.asked) == len(set(listing.asked))


async def test_an_honest_list_takes_no_page_in_vain() -> None:
    """Where the count of another source agrees, the last page may be full."""
    listing = Listing(400)
    await read(PagedList(key_of, counted=400), listing)
    assert sorted(listing.asked) == [1, 2, 3, 4]


async def test_a_list_without_an_end_is_left() -> None:
    """New records for ever are read up to the count; a page that is always the same ends the list."""

    class Endless(Listing):
        async def fetch(self, number: int) -> RawPage:
            self.asked.append(number)
            return RawPage(records=[{"id": f"r{number}-{place}"} for place in range(10)], total=30)

    listing = Endless(0)
    assert len(await read(PagedList(key_of, counted=30), listing)) == 30
    uncounted = PagedList(key_of)
    await read(uncounted, listing)
    assert uncounted.is_whole
    assert len(listing.asked) < 40

    class Stuck(Listing):
        async def fetch(self, number: int) -> RawPage:
            return await super().fetch(1)

    stuck, pages = Stuck(100, total=400), PagedList(key_of, counted=400)
    assert len(await read(pages, stuck)) == 100
    assert pages.is_whole
    assert not pages.has_shifted


async def test_what_failed_is_read_the_next_time() -> None:
    """A page that fails leaves the others; three of them end the reading for now."""
    listing, pages = Listing(1_000), PagedList(key_of, counted=1_000)
    listing.failing = {3: Unavailable("no")}
    assert len(await read(pages, listing)) == 900
    assert not pages.is_whole
    listing.asked.clear()
    listing.failing = {}
    assert await read(pages, listing) == [f"r{number}" for number in range(200, 300)]
    assert listing.asked == [3]
    assert pages.is_whole

    listing, pages = Listing(5_000), PagedList(key_of, counted=5_000)
    listing.failing = dict.fromkeys(range(2, 51), Unavailable("no"))
    await read(pages, listing)
    assert len(listing.asked) < 10
    assert pages.next_pages() == []
    assert not pages.is_whole


async def test_a_page_that_is_not_found_is_behind_the_end() -> None:
    """Some servers answer so; the first page must be there, and a key that is refused ends everything."""
    listing, pages = Listing(150, total=400), PagedList(key_of)
    listing.failing = dict.fromkeys(range(3, 9), NotFound("no page"))
    assert len(await read(pages, listing)) == 150
    assert pages.is_whole
    listing.failing = {1: NotFound("nothing here")}
    with pytest.raises(NotFound):
        await read_records(listing.fetch)
    listing.failing = {2: Unauthorized("bad key")}
    with pytest.raises(Unauthorized):
        await read(PagedList(key_of), listing)


async def test_records_that_move_are_seen() -> None:
    """A record on two pages comes once, and the list is known to have moved."""
    listing, pages = Listing(300), PagedList(key_of, counted=300)

    async def take(number: int, fresh: list[Any]) -> None:
        if number == 1:
            listing.records.insert(0, {"id": "new"})

    await read_pages(pages, listing.fetch, take)
    assert pages.has_shifted
