"""Pages of records."""

from typing import Generic, TypeVar

from evals_mcp.models.model import Model

Record = TypeVar("Record")


class PaginatedData(Model, Generic[Record]):
    """One page of records. `total` counts the records of all pages. A page past the end is empty."""

    records: list[Record]
    page: int
    size: int
    total: int
