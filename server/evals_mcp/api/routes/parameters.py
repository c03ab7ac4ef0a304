"""Query parameters of several routes."""

from typing import Annotated

from fastapi import Query

from evals_mcp.models.enums import FileSortBy, SortOrder

Page = Annotated[int, Query(ge=1, le=2**31 - 1, description="Page number, from 1.")]
Size = Annotated[int, Query(ge=0, le=2**31 - 1, description="Rows per page; more than 1,000 count as 1,000.")]
VersionId = Annotated[str | None, Query(description="The id of a version.")]
Environment = Annotated[str | None, Query(description="The version deployed to this environment.")]
SortBy = Annotated[FileSortBy, Query()]
Order = Annotated[SortOrder, Query()]
