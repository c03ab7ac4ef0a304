"""Query parameters that several routes share."""

from typing import Annotated, Literal

from fastapi import Query

Page = Annotated[int, Query(ge=1, le=2**31 - 1, description="Page, from 1.")]
Size = Annotated[int, Query(ge=0, le=2**31 - 1, description="Rows on a page; more than 1,000 are answered as 1,000.")]
VersionId = Annotated[str | None, Query(description="A version by its id.")]
Environment = Annotated[str | None, Query(description="The version that this environment has.")]
SortBy = Annotated[Literal["created_at", "updated_at", "name"], Query()]
Order = Annotated[Literal["asc", "desc"], Query()]
