"""Files and their versions in the store: upsert, read, list, deploy, move, delete. No HTTP."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, func, or_, select, update

from evals_mcp.errors import Conflict, Invalid
from evals_mcp.models.datasets import DatasetResponse
from evals_mcp.models.files import FileResponse
from evals_mcp.models.pages import PaginatedData
from evals_mcp.store.database.acts import note
from evals_mcp.store.database.identity import FILE_PREFIXES, new_id
from evals_mcp.store.database.pages import window
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import (
    deployments,
    evaluation_evaluators,
    files,
    logs,
    runs,
    versions,
)
from evals_mcp.store.database.text_search import contains_text
from evals_mcp.store.files.directories import directory_path, ensure_directory, require_directory
from evals_mcp.store.files.environments import find_environment
from evals_mcp.store.files.evaluator_aggregates import read_aggregates
from evals_mcp.store.files.paths import clean_path, new_name, new_path, split_path
from evals_mcp.store.files.versions import (
    add_version,
    changed_values,
    deployed_version,
    find_file,
    find_version,
    read_versions,
    shown_version,
    unique_name,
    version_ids,
)


class FileChange(NamedTuple):
    """The fields of an upsert other than the content. None keeps a value."""

    description: str | None = None
    tags: list[str] | None = None
    readme: str | None = None
    version_name: str | None = None
    version_description: str | None = None


_NO_CHANGE = FileChange()
_AT_PATH = select(files).where(files.c.live_path == bindparam("path"))


class Files(Repository):
    """Prompts, flows, tools, agents and evaluators, and what datasets share with them."""

    def upsert(
        self,
        file_type: str,
        file_id: str | None,
        path: str | None,
        content: dict[str, Any],
        change: FileChange,
        identity: dict[str, Any] | None = None,
    ) -> FileResponse:
        """Create a file or a new version of it. The same content (or `identity`, if given) gives the same version.

        Raises Invalid without id and path, NotFound for an unknown id, and Conflict if the path has another type or
        another version has the name.
        """
        with self._database.write() as connection:
            now = self._database.now()
            file = ensure_file(connection, file_type, file_id, path, now, change)
            version_id, _ = add_version(
                connection,
                file,
                content,
                now,
                name=change.version_name,
                description=change.version_description,
                identity=identity,
            )
            return read_versions(connection, [version_id])[version_id]

    def get(
        self, file_type: str, file_id: str, version_id: str | None = None, environment: str | None = None
    ) -> FileResponse:
        """A version of a file: the given one, else the environment's, else the default one. Raises NotFound."""
        with self._database.read() as connection:
            find_file(connection, file_id, types=[file_type])
            version = find_version(connection, version_id=version_id, file_id=file_id, environment=environment)
            return read_versions(connection, [version.id])[version.id]

    def content(
        self, file_type: str, file_id: str, version_id: str | None = None, environment: str | None = None
    ) -> dict[str, Any]:
        """The content that identifies a version, chosen as in `get`. Raises NotFound."""
        with self._database.read() as connection:
            find_file(connection, file_id, types=[file_type])
            return find_version(connection, version_id=version_id, file_id=file_id, environment=environment).content

    def contents(self, wanted: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The contents of versions, by version id."""
        with self._database.read() as connection:
            rows = connection.execute(select(versions.c.id, versions.c.content).where(versions.c.id.in_(wanted)))
            return {row.id: row.content for row in rows}

    def retrieve_by_path(self, path: str, environment: str | None = None) -> FileResponse:
        """The version of the file at a path in an environment (default: the default one). Raises NotFound."""
        with self._database.read() as connection:
            version = find_version(connection, path=path, environment=environment)
            return read_versions(connection, [version.id])[version.id]

    def page(
        self,
        *,
        types: Sequence[str] = (),
        name: str | None = None,
        path: str | None = None,
        environment: str | None = None,
        sort_by: str = "created_at",
        descending: bool = True,
        page: int = 1,
        size: int = 10,
    ) -> PaginatedData[FileResponse]:
        """A page of files with their default version, or with their version in an environment.

        `name` matches anywhere, in any case. `path` is a directory and includes everything below it. Raises NotFound
        for an unknown directory or environment.
        """
        conditions: list[ColumnElement[bool]] = [files.c.deleted_at.is_(None)]
        if types:
            conditions.append(files.c.type.in_(types))
        folder = clean_path(path or "")
        if folder:
            conditions.append(files.c.path.startswith(folder + "/", autoescape=True))
        with self._database.read() as connection:
            if name:
                conditions.append(contains_text(connection, name, [files.c.name]))
            require_directory(connection, folder)
            version_id = shown_version(find_environment(connection, environment), or_newest=environment is None)
            conditions.append(version_id.is_not(None))
            total = connection.execute(select(func.count()).select_from(files).where(*conditions)).scalar_one()
            column = files.c[sort_by]
            limit, offset = window(page, size)
            statement = (
                select(version_id)
                .where(*conditions)
                .order_by(column.desc() if descending else column.asc(), files.c.id)
                .limit(limit)
                .offset(offset)
            )
            shown = list(connection.execute(statement).scalars())
            responses = read_versions(connection, shown)
            records = [responses[id] for id in shown]
            return PaginatedData[FileResponse](records=records, page=page, size=limit, total=total)

    def versions(self, file_type: str, file_id: str, *, aggregates: bool = False) -> list[FileResponse]:
        """All versions of a file, newest first, optionally with evaluator aggregates. Raises NotFound."""
        with self._database.read() as connection:
            find_file(connection, file_id, types=[file_type])
            wanted = version_ids(connection, file_id)
            responses = read_versions(connection, wanted)
            means = read_aggregates(connection, file_id) if aggregates else {}
            for version_id, of_version in means.items():
                response = responses.get(version_id)
                if response is not None and not isinstance(response, DatasetResponse):
                    response.evaluator_aggregates = of_version
            return [responses[version_id] for version_id in wanted]

    def delete(self, file_type: str, file_id: str) -> None:
        """Delete a file and free its path. Old runs and logs still show it. Raises NotFound."""
        with self._database.write() as connection:
            find_file(connection, file_id, types=[file_type])
            delete_file(connection, file_id, self._database.now())

    def move(
        self, file_type: str, file_id: str, path: str | None, name: str | None, directory_id: str | None
    ) -> FileResponse:
        """Move or rename a file.

        Raises NotFound, Invalid for a bad path, and Conflict if the path is taken.
        """
        with self._database.write() as connection:
            now = self._database.now()
            file = find_file(connection, file_id, types=[file_type])
            folder, base = split_path(file.path if path is None else new_path(path))
            if directory_id is not None:
                folder = directory_path(connection, directory_id)
            if name is not None:
                base = new_name(name)
            target = new_path(f"{folder}/{base}")
            _require_free(connection, target, file_id)
            move_file(connection, file_id, target, now)
            version = deployed_version(connection, file_id)
            return read_versions(connection, [version.id])[version.id]

    def update_version(
        self, file_type: str, file_id: str, version_id: str, name: str | None, description: str | None
    ) -> FileResponse:
        """Rename or describe a version. Raises NotFound, and Conflict if another version has the name."""
        with self._database.write() as connection:
            find_file(connection, file_id, types=[file_type])
            version = find_version(connection, version_id=version_id, file_id=file_id)
            values: dict[str, Any] = {"updated_at": self._database.now()}
            if name is not None:
                values["name"] = name
            if description is not None:
                values["description"] = description
            with unique_name(name):
                connection.execute(update(versions).where(versions.c.id == version.id).values(**values))
            return read_versions(connection, [version.id])[version.id]

    def delete_version(self, file_type: str, file_id: str, version_id: str) -> None:
        """Delete a version. Raises NotFound, and Conflict if it is deployed, evaluated, attached or has logs."""
        with self._database.write() as connection:
            find_file(connection, file_id, types=[file_type])
            version = find_version(connection, version_id=version_id, file_id=file_id)
            for uses, what in _USES:
                if connection.execute(uses(version.id)).first() is not None:
                    raise Conflict(f"Version `{version_id}` is in use: {what}.")
            now = self._database.now()
            connection.execute(update(versions).where(versions.c.id == version.id).values(deleted_at=now, name=None))


def ensure_file(
    connection: Connection,
    file_type: str,
    file_id: str | None,
    path: str | None,
    now: datetime,
    change: FileChange = _NO_CHANGE,
) -> Row[Any]:
    """The row of a file by id or path. Creates the file if the path is new. Raises Invalid, NotFound, Conflict."""
    if file_id is None and path is None:
        raise Invalid("Give `id` or `path`.", ("body", "path"))
    if file_id is not None:
        file = find_file(connection, file_id, types=[file_type])
    else:
        clean = new_path(path or "")
        existing = connection.execute(_AT_PATH, {"path": clean}).first()
        if existing is None:
            file_id = new_id(FILE_PREFIXES[file_type])
            insert_file(connection, file_id, file_type, clean, change, now)
            note("created", file_id)
            return find_file(connection, file_id)
        if existing.type != file_type:
            raise Conflict(f"`{clean}` has the type {existing.type}, not {file_type}.")
        file = existing
    values = changed_values(file, description=change.description, tags=change.tags, readme=change.readme)
    if values:
        connection.execute(update(files).where(files.c.id == file.id).values(**values, updated_at=now))
        note("changed", file.id)
    return file


def delete_file(connection: Connection, file_id: str, now: datetime) -> None:
    """Mark a file as deleted, free its path, and remove its deployments."""
    connection.execute(delete(deployments).where(deployments.c.file_id == file_id))
    connection.execute(
        update(files).where(files.c.id == file_id).values(deleted_at=now, live_path=None, updated_at=now)
    )


def move_file(
    connection: Connection, file_id: str, path: str, now: datetime, *, updated_at: datetime | None = None
) -> None:
    """Move a file to a clean and free path, and restore it if it is deleted."""
    values = {**_location(connection, path, now), "deleted_at": None, "updated_at": updated_at or now}
    connection.execute(update(files).where(files.c.id == file_id).values(**values))


def insert_file(
    connection: Connection,
    file_id: str,
    file_type: str,
    path: str,
    change: FileChange,
    created_at: datetime,
    updated_at: datetime | None = None,
    *,
    is_deleted: bool = False,
) -> None:
    """Insert a file at a clean and free path, in a directory that is made if need be.

    A deleted one is in no directory, and its path need not be free. The caller sets when that was.
    """
    location = _location(connection, path, created_at) if not is_deleted else _former_location(path)
    row = {
        "id": file_id,
        "type": file_type,
        **location,
        "description": change.description,
        "readme": change.readme,
        "tags": change.tags or [],
        "extra": {},
        "created_at": created_at,
        "updated_at": updated_at or created_at,
    }
    connection.execute(files.insert(), row)


def _location(connection: Connection, path: str, now: datetime) -> dict[str, Any]:
    """The columns of a file at a clean path. Creates its directory if needed."""
    folder, name = split_path(path)
    directory_id = ensure_directory(connection, folder, now)
    return {"path": path, "live_path": path, "name": name, "directory_id": directory_id}


def _former_location(path: str) -> dict[str, Any]:
    return {"path": path, "live_path": None, "name": split_path(path)[1], "directory_id": None}


def _require_free(connection: Connection, path: str, file_id: str) -> None:
    taken = connection.execute(select(files.c.id).where(files.c.live_path == path)).scalar()
    if taken not in (None, file_id):
        raise Conflict(f"Another file already has the path `{path}`.")


_USES: tuple[tuple[Callable[[str], Select[Any]], str], ...] = (
    (lambda id: select(deployments.c.file_id).where(deployments.c.version_id == id), "it is deployed"),
    (
        lambda id: select(runs.c.id).where(or_(runs.c.version_id == id, runs.c.dataset_version_id == id)).limit(1),
        "a run uses it",
    ),
    (
        lambda id: (
            select(evaluation_evaluators.c.evaluation_id)
            .where(evaluation_evaluators.c.evaluator_version_id == id)
            .limit(1)
        ),
        "it is attached to an evaluation",
    ),
    (lambda id: select(logs.c.number).where(logs.c.version_id == id).limit(1), "it has logs"),
)
