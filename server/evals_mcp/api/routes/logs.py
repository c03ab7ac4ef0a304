"""Routes of logs of all types: read, list, delete."""

from typing import Annotated, Any

from fastapi import Query, Response

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.parameters import Page, Size, VersionId
from evals_mcp.models.logs import LogResponse
from evals_mcp.models.model import UtcDatetime
from evals_mcp.models.pages import PaginatedData
from evals_mcp.store.logs.filters import LogFilter

router = PrefixedRouter(prefix="/logs", tags=["logs"])


@router.get("")
def list_logs(
    store: CurrentStore,
    file_id: str,
    page: Page = 1,
    size: Size = 10,
    version_id: VersionId = None,
    id: Annotated[
        list[str] | None, Query(max_length=500, description="List logs whose id contains any of these texts.")
    ] = None,
    search: str | None = None,
    metadata_search: str | None = None,
    start_date: UtcDatetime | None = None,
    end_date: UtcDatetime | None = None,
    include_parent: bool = False,
    in_trace_filter: Annotated[list[bool] | None, Query()] = None,
    sample: Annotated[int | None, Query(ge=1, le=10_000, description="Return this many logs, sampled evenly.")] = None,
    include_trace_children: bool = False,
) -> PaginatedData[LogResponse]:
    """List the logs of a file, newest first."""
    wanted = LogFilter(
        version_id=version_id,
        ids=id or (),
        search=search,
        metadata_search=metadata_search,
        start=start_date,
        end=end_date,
        in_trace=in_trace_filter or (),
        sample=sample,
    )
    return store.logs.page(file_id, wanted, page, size, traces=include_trace_children, judged=include_parent)


# Callers choose log ids. They may contain slashes, and servers unescape them before routing.
@router.get("/{id:path}", response_model=LogResponse)
def get_log(store: CurrentStore, id: str) -> Any:
    """Get a log with its judgments and the trace below it."""
    return store.logs.get(id)


@router.delete("", status_code=204, response_class=Response)
def delete_logs(store: CurrentStore, id: Annotated[list[str] | None, Query()] = None) -> None:
    """Delete logs. Unknown ids are ignored."""
    store.logs.delete(id or ())
