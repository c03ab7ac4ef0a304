"""Read a paginated list to its end, a few pages at a time, and continue later where it stopped."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import anyio

from evals_mcp.client.raw_pages import RawPage
from evals_mcp.errors import EvalsError, NotFound, Unauthorized
from evals_mcp.importers.api_records import key_of

_AT_ONCE = 4
_MOST_FAILURES = 3
_MOST_UNCOUNTED = 20

Item = TypeVar("Item")
Fetch = Callable[[int], Awaitable[RawPage]]
"""Fetches a page by number, from 1. Raises EvalsError."""

Take = Callable[[int, list[Any]], Awaitable[None]]
"""Receives the number of a page and its new records."""

Tell = Callable[[], Awaitable[None]]


class PageSize(NamedTuple):
    """The number of records on a page, and how many were new."""

    records: int
    fresh: int


@dataclass
class PagedList:
    """How far a list was read.

    A server's `total` may be wrong, its pages may be smaller than requested, and records may move while we read. So the
    list ends with a page without new records, or when the expected number is reached. `counted` is this number from
    another source than the pages. Without it, a full page is never the last.
    """

    key: Callable[[Any], str | None]
    counted: int | None = None
    total: int = 0
    keys: set[str] = field(default_factory=set)
    pages: dict[int, PageSize] = field(default_factory=dict)
    failures: dict[int, EvalsError] = field(default_factory=dict)

    @property
    def expected(self) -> int:
        """The number of records, according to the server."""
        return max(self.total, self.counted or 0)

    @property
    def records(self) -> int:
        """The number of distinct records read."""
        return sum(page.fresh for page in self.pages.values())

    @property
    def has_shifted(self) -> bool:
        """Whether records were on two pages, as when new ones push them back. Ignores pages that only repeat."""
        seen = [self.pages[number] for number in self._promised() & self.pages.keys()]
        return any(page.fresh < page.records for page in seen) and all(page.fresh for page in seen)

    @property
    def is_whole(self) -> bool:
        """Whether all pages were read."""
        return not self.failures and not self.next_pages()

    def next_pages(self) -> list[int]:
        """The numbers of the next pages: the first, then all expected ones, then one more at a time."""
        if not self.pages:
            return [] if self.failures else [1]
        if len(self.failures) >= _MOST_FAILURES:
            return []
        tried = {*self.pages, *self.failures}
        return sorted(self._promised() - tried) or ([] if self._has_ended() else [max(tried) + 1])

    def take(self, number: int, page: RawPage) -> list[Any]:
        """Note a page and return its new records. A record without a key is new."""
        fresh = []
        for record in page.records:
            key = self.key(record)
            if key is None or key not in self.keys:
                fresh.append(record)
            if key is not None:
                self.keys.add(key)
        self.pages[number] = PageSize(len(page.records), len(fresh))
        self.failures.pop(number, None)
        self.total = max(self.total, page.total)
        return fresh

    def _size(self) -> int:
        return max(page.records for page in self.pages.values())

    def _promised(self) -> set[int]:
        size = self._size() if self.pages else 0
        return set(range(1, -(-self.expected // size) + 1)) if size else set()

    def _has_ended(self) -> bool:
        last, promised = max(self.pages), len(self._promised())
        page = self.pages[last]
        if not page.records or (not page.fresh and last > promised):
            return True
        if self.records + len(self.failures) * self._size() < self.expected:
            return False
        return self.counted is not None or page.records < self._size() or last >= promised + _MOST_UNCOUNTED


async def for_each(items: Iterable[Item], do: Callable[[Item], Awaitable[None]]) -> None:
    """Process items, a few at a time. The first EvalsError stops this and is raised."""
    left = iter(items)
    errors: list[EvalsError] = []

    async def work() -> None:
        for item in left:
            try:
                await do(item)
            except EvalsError as error:
                errors.append(error)
                group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for _ in range(_AT_ONCE):
            group.start_soon(work)
    if errors:
        raise errors[0]


async def read_records(fetch: Fetch) -> list[Any]:
    """All records of a list. Raises EvalsError if one page cannot be read."""
    pages = PagedList(key_of)
    records: dict[int, list[Any]] = {}

    async def take(number: int, fresh: list[Any]) -> None:
        records[number] = fresh

    await read_pages(pages, fetch, take)
    for error in pages.failures.values():
        raise error
    return [record for number in sorted(records) for record in records[number]]


async def read_pages(pages: PagedList, fetch: Fetch, take: Take, tell: Tell | None = None) -> None:
    """Read the rest of a list. `take` gets the pages in order, while the next ones are being fetched.

    Notes failed pages, and stops after three of them. Calls `tell` after each page. Raises Unauthorized, and the
    EvalsError of `take`.
    """
    pages.failures.clear()
    while numbers := pages.next_pages():
        await _read(pages, numbers, fetch, take, tell)


async def _read(pages: PagedList, numbers: Sequence[int], fetch: Fetch, take: Take, tell: Tell | None) -> None:
    left = deque(numbers)
    asked: deque[_Request] = deque()
    fatal: EvalsError | None = None
    async with anyio.create_task_group() as group:

        def ask() -> None:
            while left and len(asked) < _AT_ONCE:
                asked.append(_Request(left.popleft()))
                group.start_soon(asked[-1].send, fetch)

        ask()
        while asked and fatal is None and len(pages.failures) < _MOST_FAILURES:
            request = asked.popleft()
            await request.answered.wait()
            ask()
            fatal = await _take(pages, request, take)
            if tell is not None:
                await tell()
        group.cancel_scope.cancel()
    if fatal is not None:
        raise fatal


async def _take(pages: PagedList, request: "_Request", take: Take) -> EvalsError | None:
    """Note the answer to a request. Returns an error that stops the reading."""
    answer = request.answer
    if isinstance(answer, NotFound) and pages.pages and request.number > max(pages.pages):
        answer = RawPage(records=[])
    if isinstance(answer, Unauthorized):
        return answer
    if isinstance(answer, EvalsError):
        pages.failures[request.number] = answer
        return None
    assert answer is not None
    try:
        # A page noted as read must have been taken, even if time runs out meanwhile.
        with anyio.CancelScope(shield=True):
            await take(request.number, pages.take(request.number, answer))
    except EvalsError as error:
        return error
    return None


class _Request:
    """A requested page, and the result: the page or its error."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.answered = anyio.Event()
        self.answer: RawPage | EvalsError | None = None

    async def send(self, fetch: Fetch) -> None:
        """Request the page."""
        try:
            self.answer = await fetch(self.number)
        except EvalsError as error:
            self.answer = error
        self.answered.set()
