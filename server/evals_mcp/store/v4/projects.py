"""v4 projects, which are files, and their configs, which are versions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, func, select

from evals_mcp.errors import Conflict
from evals_mcp.models.files import RunVersionResponse
from evals_mcp.store.database.pages import window
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import files, versions
from evals_mcp.store.database.text_search import contains_text
from evals_mcp.store.evaluations.evaluations import EVALUATED_TYPES
from evals_mcp.store.files.directories import directory_path
from evals_mcp.store.files.files import FileChange, ensure_file
from evals_mcp.store.files.paths import new_path
from evals_mcp.store.files.versions import (
    add_version,
    deployed_version,
    find_file,
    newest_version,
    read_versions,
    version_by_id,
    version_ids,
)

_LISTED_TYPES = tuple(kind for kind in EVALUATED_TYPES if kind != "evaluator")


class Project(NamedTuple):
    """A file that can be evaluated, perhaps without a version yet, and its default version."""

    id: str
    path: str
    file_type: str
    directory_id: str | None
    created_at: datetime
    updated_at: datetime
    logs_count: int
    version: RunVersionResponse | None


class ProjectPage(NamedTuple):
    """A page of projects, and the total number."""

    records: list[Project]
    total: int


class Projects(Repository):
    """Projects by id or path (their v4 name). A new one is a prompt until something else is logged to its path."""

    def create(self, name: str, directory_id: str | None) -> Project:
        """Create an empty prompt. Raises Conflict if the path is taken, NotFound for the directory, and Invalid."""
        with self._database.write() as connection:
            folder = None if directory_id is None else directory_path(connection, directory_id)
            path = new_path(f"{folder}/{name}" if folder else name)
            if connection.execute(select(files.c.id).where(files.c.live_path == path)).first() is not None:
                raise Conflict(f"A project or another file is at `{path}`.")
            now = self._database.now()
            file = ensure_file(connection, "prompt", None, path, now)
            return _read(connection, [file])[0]

    def get(self, project: str) -> Project:
        """One project. Raises NotFound."""
        with self._database.read() as connection:
            return _read(connection, [find_project(connection, project)])[0]

    def page(self, page: int, size: int, *, text: str | None, sort_by: str, descending: bool) -> ProjectPage:
        """A page of projects whose names contain a text, sorted by a column of files."""
        conditions: list[ColumnElement[bool]] = [files.c.deleted_at.is_(None), files.c.type.in_(_LISTED_TYPES)]
        with self._database.read() as connection:
            if text:
                conditions.append(contains_text(connection, text, [files.c.path]))
            total = connection.execute(select(func.count()).select_from(files).where(*conditions)).scalar_one()
            limit, offset = window(page, size)
            column = files.c[sort_by]
            order = (column.desc() if descending else column, files.c.id)
            rows = connection.execute(select(files).where(*conditions).order_by(*order).limit(limit).offset(offset))
            return ProjectPage(_read(connection, rows.all()), total)

    def register(
        self, project: str | None, path: str | None, content: Mapping[str, Any], change: FileChange
    ) -> RunVersionResponse:
        """Find or add the config of a prompt: of a project (id or path), else of the file at a path, which may be new.

        Raises NotFound, Invalid without project and path, and Conflict for a file of another type or a taken name.
        """
        with self._database.write() as connection:
            now = self._database.now()
            file_id = None if project is None else find_project(connection, project).id
            file = ensure_file(connection, "prompt", file_id, path, now)
            version_id, _ = add_version(
                connection, file, dict(content), now, name=change.version_name, description=change.version_description
            )
            version: RunVersionResponse = _version(connection, version_id)
            return version

    def configs(self, project: str) -> list[RunVersionResponse]:
        """All configs of a project, newest first. Raises NotFound."""
        with self._database.read() as connection:
            wanted = version_ids(connection, find_project(connection, project).id)
            found: dict[str, Any] = dict(read_versions(connection, wanted))
            return [found[version_id] for version_id in wanted]

    def config(self, version_id: str) -> RunVersionResponse:
        """One config of a model. Raises NotFound."""
        with self._database.read() as connection:
            version: RunVersionResponse = _version(connection, version_by_id(connection, version_id, ["prompt"]).id)
            return version

    def dataset_path(self, name: str) -> str:
        """A free path for a dataset with this v4 name, which need not be unique: the name, or the name and a number."""
        with self._database.read() as connection:
            for number in range(1, 10_000):
                path = new_path(name if number == 1 else f"{name} ({number})")
                if connection.execute(select(files.c.id).where(files.c.live_path == path)).first() is None:
                    return path
        raise Conflict(f"Too many datasets have the name `{name}`.")


def find_project(connection: Connection, project: str) -> Row[Any]:
    """The row of the file with this id, else at this path, if its type can be evaluated. Raises NotFound."""
    by_id = connection.execute(select(files.c.id).where(files.c.id == project)).first() is not None
    return find_file(connection, project if by_id else None, project, EVALUATED_TYPES)


def _version(connection: Connection, version_id: str) -> Any:
    return read_versions(connection, [version_id])[version_id]


def _read(connection: Connection, rows: Sequence[Row[Any]]) -> list[Project]:
    ids = [row.id for row in rows]
    counted = (
        select(versions.c.file_id, func.sum(versions.c.logs_count))
        .where(versions.c.file_id.in_(ids))
        .group_by(versions.c.file_id)
    )
    logs_counts = {row[0]: int(row[1]) for row in connection.execute(counted)}
    default = {
        file_id: deployed_version(connection, file_id).id
        for file_id in ids
        if newest_version(connection, file_id) is not None
    }
    found: dict[str, Any] = dict(read_versions(connection, list(default.values())))
    return [
        Project(
            row.id,
            row.path,
            row.type,
            row.directory_id,
            row.created_at,
            row.updated_at,
            logs_counts.get(row.id, 0),
            found.get(default.get(row.id, "")),
        )
        for row in rows
    ]
