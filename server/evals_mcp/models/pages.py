"""Pages of records; the records themselves are elsewhere."""

from typing import Generic, TypeVar

from evals_mcp.models.model import Model

Record = TypeVar("Record")


class PaginatedData(Model, Generic[Record]):
    """One page of records; `total` counts all pages, and a page past the end has no records."""

    records: list[Record]
    page: int
    size: int
    total: int
