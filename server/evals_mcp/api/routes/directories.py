"""Routes of directories."""

from fastapi import Response

from evals_mcp.api.access import CurrentStore
from evals_mcp.api.prefixed import PrefixedRouter
from evals_mcp.models.directories import (
    CreateDirectoryRequest,
    DirectoryResponse,
    DirectoryWithParentsAndChildrenResponse,
    UpdateDirectoryRequest,
)

router = PrefixedRouter(prefix="/directories", tags=["directories"])


@router.get("")
def list_directories(store: CurrentStore) -> list[DirectoryResponse]:
    """List all directories, the root first."""
    return store.directories.all()


@router.post("", status_code=201)
def create_directory(store: CurrentStore, request: CreateDirectoryRequest) -> DirectoryResponse:
    """Create a directory by name in a parent directory, or by path."""
    return store.directories.create(request.name, request.parent_id, request.path)


@router.get("/{id}")
def get_directory(store: CurrentStore, id: str) -> DirectoryWithParentsAndChildrenResponse:
    """Get a directory with its parents and direct contents. `root` is an id of the root directory."""
    return store.directories.get(id)


@router.patch("/{id}")
def update_directory(store: CurrentStore, id: str, request: UpdateDirectoryRequest) -> DirectoryResponse:
    """Move or rename a directory with everything below it."""
    return store.directories.update(id, request.name, request.parent_id, request.path)


@router.delete("/{id}", status_code=204, response_class=Response)
def delete_directory(store: CurrentStore, id: str) -> None:
    """Delete an empty directory. A directory with contents answers 409, so that nothing is lost by mistake."""
    store.directories.delete(id)
