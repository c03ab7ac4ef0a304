"""Directories of files."""

from evals_mcp.models.files import FileResponse
from evals_mcp.models.model import Model, UtcDatetime


class CreateDirectoryRequest(Model):
    """A directory to create: a name in a parent, or a path. Creates missing parents of the path."""

    name: str | None = None
    parent_id: str | None = None
    path: str | None = None


class UpdateDirectoryRequest(Model):
    """A new name or location for a directory."""

    name: str | None = None
    parent_id: str | None = None
    path: str | None = None


class DirectoryResponse(Model):
    """A directory. The root has no parent."""

    id: str
    name: str
    path: str
    tags: list[str]
    created_at: UtcDatetime
    updated_at: UtcDatetime
    parent_id: str | None = None
    description: str | None = None
    readme: str | None = None


class DirectoryWithParentsAndChildrenResponse(DirectoryResponse):
    """A directory with its parents and its direct contents."""

    subdirectories: list[DirectoryResponse]
    files: list[FileResponse]
    parents: list[DirectoryResponse]
