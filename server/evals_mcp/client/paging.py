"""Reading a paginated list to its end; which list it is, the caller says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from evals_mcp.models.pages import PaginatedData

Record = TypeVar("Record")


async def pages(fetch: Callable[[int], Awaitable[PaginatedData[Record]]]) -> AsyncIterator[PaginatedData[Record]]:
    """The pages that `fetch` (page number → page) gives, from 1 up to an empty one or until `total` was seen."""
    number, seen = 1, 0
    while (page := await fetch(number)).records:
        yield page
        seen += len(page.records)
        if seen >= page.total:
            return
        number += 1
