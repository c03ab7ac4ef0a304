"""Read a paginated list to its end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from evals_mcp.models.pages import PaginatedData

Record = TypeVar("Record")


async def pages(fetch: Callable[[int], Awaitable[PaginatedData[Record]]]) -> AsyncIterator[PaginatedData[Record]]:
    """Yield pages from `fetch` (page number → page), starting at 1, until one is empty or `total` is reached."""
    number, seen = 1, 0
    while (page := await fetch(number)).records:
        yield page
        seen += len(page.records)
        if seen >= page.total:
            return
        number += 1
