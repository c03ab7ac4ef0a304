"""Routes over files of every type."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from evals_mcp.api.access import CurrentStore, ReadStore
from evals_mcp.api.queries import Environment, Order, Page, Size, SortBy
from evals_mcp.models.files import FileResponse, RetrieveByPathRequest
from evals_mcp.models.pages import PaginatedData

router = APIRouter(prefix="/files", tags=["files"])

FileType = Literal["prompt", "tool", "dataset", "evaluator", "flow", "agent"]


@router.get("")
def list_files(
    store: CurrentStore,
    page: Page = 1,
    size: Size = 10,
    name: str | None = None,
    path: Annotated[str | None, Query(description="A directory; all below it are listed.")] = None,
    template: bool = False,
    type: Annotated[list[FileType] | None, Query()] = None,
    environment: Environment = None,
    sort_by: SortBy = "created_at",
    order: Order = "desc",
    include_raw_file_content: bool = False,
) -> PaginatedData[FileResponse]:
    """List files of any type, newest first unless sorted otherwise."""
    return store.files.page(
        types=type or (),
        name=name,
        path=path,
        environment=environment,
        sort_by=sort_by,
        descending=order == "desc",
        page=page,
        size=size,
    )


@router.post("/retrieve-by-path", response_model=FileResponse)
def retrieve_by_path(
    store: ReadStore,
    request: RetrieveByPathRequest,
    environment: Environment = None,
    include_raw_file_content: bool = False,
) -> Any:
    """Get the file at a path."""
    return store.files.retrieve_by_path(request.path, environment)
