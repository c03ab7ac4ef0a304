"""Directories in the store, created with their files or alone. No HTTP."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, func, literal, select, update

from evals_mcp.errors import Conflict, Invalid, NotFound
from evals_mcp.models.directories import DirectoryResponse, DirectoryWithParentsAndChildrenResponse
from evals_mcp.models.files import FileResponse
from evals_mcp.store.database.acts import note
from evals_mcp.store.database.identity import new_id
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import directories, environments, files
from evals_mcp.store.files.environments import find_environment
from evals_mcp.store.files.paths import ROOT_ID, new_name, new_path, split_path
from evals_mcp.store.files.versions import read_versions, shown_version


class Directories(Repository):
    """Directories by id. The root has an empty path, the id `ROOT_ID` and the name `root`."""

    def all(self) -> list[DirectoryResponse]:
        """All directories by path, the root first."""
        with self._database.read() as connection:
            rows = connection.execute(select(directories).order_by(directories.c.path)).all()
            return [_root(connection), *(_response(row) for row in rows)]

    def get(self, directory_id: str) -> DirectoryWithParentsAndChildrenResponse:
        """A directory, its parents from the root down, and its direct contents by name. Raises NotFound."""
        with self._database.read() as connection:
            directory = _shown(connection, directory_id)
            inside = directories.c.parent_id == (None if directory.id == ROOT_ID else directory.id)
            subdirectories = connection.execute(select(directories).where(inside).order_by(directories.c.name)).all()
            return DirectoryWithParentsAndChildrenResponse(
                **directory.model_dump(),
                subdirectories=[_response(row) for row in subdirectories],
                files=_files(connection, directory.id),
                parents=_parents(connection, directory),
            )

    def create(self, name: str | None, parent_id: str | None, path: str | None) -> DirectoryResponse:
        """Create a directory: `name` in a parent (default: the root), or `path` with all its parents.

        Raises Invalid unless exactly one of name and path is given, NotFound for an unknown parent, and Conflict if the
        directory exists.
        """
        with self._database.write() as connection:
            if (name is None) == (path is None):
                raise Invalid("Give either `path`, or `name` (with an optional `parent_id`).")
            if path is not None and parent_id is not None:
                raise Invalid("`path` starts at the root. Give `name` with `parent_id`, or `path` alone.")
            if name is not None:
                path = f"{_shown(connection, parent_id or ROOT_ID).path}/{new_name(name)}"
            full_path = _free_path(connection, path or "")
            directory_id = ensure_directory(connection, full_path, self._database.now())
            assert directory_id is not None
            return _shown(connection, directory_id)

    def update(self, directory_id: str, name: str | None, parent_id: str | None, path: str | None) -> DirectoryResponse:
        """Rename or move a directory with everything below it.

        Raises NotFound, Invalid for a bad path, and Conflict for the root, for a taken path, and for a move of a
        directory into itself.
        """
        with self._database.write() as connection:
            now = self._database.now()
            if parent_id is not None and path is not None:
                raise Invalid("`path` starts at the root. Give either `parent_id` or `path`.")
            directory = _own(connection, directory_id, "moved or renamed")
            folder, base = split_path(directory.path if path is None else new_path(path))
            if parent_id is not None:
                folder = _shown(connection, parent_id).path
            target = new_path(f"{folder}/{base if name is None else new_name(name)}")
            if target != directory.path:
                if target.startswith(f"{directory.path}/"):
                    raise Conflict(f"Directory `{directory.path}` cannot be moved into itself.")
                _move(connection, directory, _free_path(connection, target), now)
            return _shown(connection, directory_id)

    def delete(self, directory_id: str) -> None:
        """Delete an empty directory. Raises NotFound, and Conflict for the root or a directory with contents."""
        with self._database.write() as connection:
            directory = _own(connection, directory_id, "deleted")
            inside = select(literal(1)).where(directories.c.parent_id == directory_id)
            live = select(literal(1)).where(files.c.directory_id == directory_id, files.c.deleted_at.is_(None))
            if connection.execute(inside.union_all(live).limit(1)).first() is not None:
                raise Conflict(f"Directory `{directory.path}` is not empty. Delete or move its contents first.")
            connection.execute(update(files).where(files.c.directory_id == directory_id).values(directory_id=None))
            connection.execute(delete(directories).where(directories.c.id == directory_id))


_AT_PATH = select(directories.c.id).where(directories.c.path == bindparam("path"))


def ensure_directory(connection: Connection, path: str, now: datetime, id: str | None = None) -> str | None:
    """The id of the directory at a clean path; None for the root. Creates it and its parents if needed."""
    if not path:
        return None
    found = connection.execute(_AT_PATH, {"path": path}).scalar()
    if found is not None:
        return str(found)
    folder, name = split_path(path)
    parent_id = ensure_directory(connection, folder, now)
    directory_id = id or new_id("dir")
    row: dict[str, Any] = {"id": directory_id, "parent_id": parent_id, "path": path, "name": name, "tags": []}
    connection.execute(directories.insert(), {**row, "created_at": now, "updated_at": now})
    note("created", directory_id)
    return directory_id


def require_directory(connection: Connection, path: str) -> None:
    """Raise NotFound unless a clean path is a directory. The root (an empty path) always exists."""
    if path and connection.execute(_AT_PATH, {"path": path}).first() is None:
        raise NotFound(f"Directory `{path}` does not exist.")


def directory_path(connection: Connection, directory_id: str) -> str:
    """The path of a directory; empty for the root. Raises NotFound."""
    return _shown(connection, directory_id).path


def _shown(connection: Connection, directory_id: str) -> DirectoryResponse:
    if directory_id in (ROOT_ID, "root"):
        return _root(connection)
    row = connection.execute(select(directories).where(directories.c.id == directory_id)).first()
    if row is None:
        raise NotFound(f"Directory `{directory_id}` does not exist.")
    return _response(row)


def _root(connection: Connection) -> DirectoryResponse:
    """The root. It is as old as the workspace, and so are the environments."""
    created_at = connection.execute(select(func.min(environments.c.created_at))).scalar_one()
    return DirectoryResponse(
        id=ROOT_ID, name="root", path="", tags=[], created_at=created_at, updated_at=created_at, parent_id=None
    )


def _response(row: Row[Any]) -> DirectoryResponse:
    return DirectoryResponse.model_validate({**row._mapping, "parent_id": row.parent_id or ROOT_ID})


def _own(connection: Connection, directory_id: str, changed: str) -> DirectoryResponse:
    """Find a directory. Raises NotFound, and Conflict for the root."""
    directory = _shown(connection, directory_id)
    if directory.id == ROOT_ID:
        raise Conflict(f"The root directory cannot be {changed}.")
    return directory


def _parents(connection: Connection, directory: DirectoryResponse) -> list[DirectoryResponse]:
    parents: list[DirectoryResponse] = []
    while directory.parent_id is not None:
        directory = _shown(connection, directory.parent_id)
        parents.insert(0, directory)
    return parents


def _files(connection: Connection, directory_id: str) -> list[FileResponse]:
    inside = files.c.directory_id == (None if directory_id == ROOT_ID else directory_id)
    version_id = shown_version(find_environment(connection), or_newest=True)
    live = (inside, files.c.deleted_at.is_(None), version_id.is_not(None))
    shown = list(connection.execute(select(version_id).where(*live).order_by(files.c.name, files.c.id)).scalars())
    responses = read_versions(connection, shown)
    return [responses[version_id] for version_id in shown]


def _free_path(connection: Connection, path: str) -> str:
    """The clean path, if it is free. Raises Invalid and Conflict."""
    clean = new_path(path)
    if connection.execute(select(directories.c.id).where(directories.c.path == clean)).first() is not None:
        raise Conflict(f"Directory `{clean}` already exists.")
    return clean


def _move(connection: Connection, directory: DirectoryResponse, path: str, now: datetime) -> None:
    """Move a directory to a free path, and update all paths below it. Raises Invalid."""
    folder, name = split_path(path)
    parent_id = ensure_directory(connection, folder, now)
    below = f"{directory.path}/"
    for table in (directories, files):
        rows = connection.execute(
            select(table.c.id, table.c.path).where(table.c.path.startswith(below, autoescape=True))
        ).all()
        for row in rows:
            moved = new_path(path + row.path.removeprefix(directory.path))
            values: dict[str, Any] = {"path": moved}
            if table is files:
                values["live_path"] = case((files.c.deleted_at.is_(None), moved))
            connection.execute(update(table).where(table.c.id == row.id).values(**values))
    connection.execute(
        update(directories)
        .where(directories.c.id == directory.id)
        .values(path=path, name=name, parent_id=parent_id, updated_at=now)
    )
