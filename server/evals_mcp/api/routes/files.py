"""Routes over files of every type."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query

from evals_mcp.api.access import CurrentStore, ReadStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.api.routes.parameters import Environment, Order, Page, Size, SortBy
from evals_mcp.models.agents import AgentResponse
from evals_mcp.models.enums import FileType
from evals_mcp.models.files import FileResponse, RetrieveByPathRequest
from evals_mcp.models.pages import PaginatedData
from evals_mcp.models.prompts import PromptResponse
from evals_mcp.prompt_files import write_prompt_file
from evals_mcp.store.store import Store

router = PrefixedRouter(prefix="/files", tags=["files"])


@router.get("")
def list_files(
    store: CurrentStore,
    page: Page = 1,
    size: Size = 10,
    name: str | None = None,
    path: Annotated[str | None, Query(description="List files in this directory and below it.")] = None,
    template: bool = False,
    type: Annotated[list[FileType] | None, Query()] = None,
    environment: Environment = None,
    sort_by: SortBy = "created_at",
    order: Order = "desc",
    include_raw_file_content: bool = False,
) -> PaginatedData[FileResponse]:
    """List files of all types, newest first by default. No file is a template here."""
    if template:
        return PaginatedData[FileResponse](records=[], page=page, size=size, total=0)
    found = store.files.page(
        types=type or (),
        name=name,
        path=path,
        environment=environment,
        sort_by=sort_by,
        descending=order == "desc",
        page=page,
        size=size,
    )
    if include_raw_file_content:
        _add_raw_content(store, found.records)
    return found


@router.post("/retrieve-by-path", response_model=FileResponse)
def retrieve_by_path(
    store: ReadStore,
    request: RetrieveByPathRequest,
    environment: Environment = None,
    include_raw_file_content: bool = False,
) -> Any:
    """Get the file at a path."""
    file = store.files.retrieve_by_path(request.path, environment)
    if include_raw_file_content:
        _add_raw_content(store, [file])
    return file


def _add_raw_content(store: Store, files: Sequence[FileResponse]) -> None:
    """Add the text form to prompts and agents."""
    written = [file for file in files if isinstance(file, PromptResponse | AgentResponse)]
    contents = store.files.contents([file.version_id for file in written])
    for file in written:
        file.raw_file_content = write_prompt_file(contents[file.version_id])
