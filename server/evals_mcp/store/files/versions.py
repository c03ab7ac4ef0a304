"""Versions of files inside a transaction: find, read and add them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select, update
from sqlalchemy.exc import IntegrityError

from evals_mcp.errors import Conflict, NotFound
from evals_mcp.models.files import FileResponse
from evals_mcp.store.database.acts import note
from evals_mcp.store.database.identity import VERSION_PREFIXES, digest, new_id
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import deployments, environments, files, versions
from evals_mcp.store.files.paths import clean_path
from evals_mcp.store.files.version_documents import read_documents

DEFAULT_TAG = "default"


@dataclass(frozen=True, slots=True)
class Version:
    """A version with its file."""

    id: str
    file_id: str
    file_type: str
    path: str
    content: dict[str, Any]
    name: str | None
    datapoints_count: int


class NewVersion(NamedTuple):
    """What describes a version besides its content; times that are None are that of its creation."""

    name: str | None
    description: str | None
    datapoints_count: int
    created_at: datetime
    updated_at: datetime | None = None
    last_used_at: datetime | None = None


_COLUMNS = (
    versions.c.id,
    versions.c.file_id,
    files.c.type.label("file_type"),
    files.c.path,
    versions.c.content,
    versions.c.name,
    versions.c.datapoints_count,
)
# Build frequent statements once: building takes several times as long as running.
_ALL = select(*_COLUMNS).join(files, files.c.id == versions.c.file_id)
_LIVE = _ALL.where(versions.c.deleted_at.is_(None), files.c.deleted_at.is_(None))
_BY_ID = _LIVE.where(versions.c.id == bindparam("version_id"))
_NEWEST = _LIVE.where(versions.c.file_id == bindparam("file_id")).order_by(versions.c.number.desc()).limit(1)
_DEPLOYED = (
    _LIVE.join(deployments, deployments.c.version_id == versions.c.id)
    .join(environments, environments.c.id == deployments.c.environment_id)
    .where(deployments.c.file_id == bindparam("file_id"))
)
_DEPLOYED_BY_DEFAULT = _DEPLOYED.where(environments.c.tag == DEFAULT_TAG)
_FILE_BY_ID = select(files).where(files.c.id == bindparam("id"), files.c.deleted_at.is_(None))
_FILE_BY_PATH = select(files).where(files.c.live_path == bindparam("path"), files.c.deleted_at.is_(None))
_IS_DEPLOYED = select(deployments.c.file_id).where(deployments.c.file_id == bindparam("file_id")).limit(1)
_ANOTHER_VERSION = (
    select(versions.c.id)
    .where(versions.c.file_id == bindparam("file_id"), versions.c.id != bindparam("version_id"))
    .limit(1)
)
_DEFAULT_ENVIRONMENT = select(environments.c.id).where(environments.c.tag == DEFAULT_TAG)
_SPECS = select(versions.c.id, versions.c.content).where(versions.c.id.in_(bindparam("ids", expanding=True)))
_SAME_CONTENT = select(versions.c.id, versions.c.deleted_at, versions.c.name, versions.c.description).where(
    versions.c.file_id == bindparam("file_id"), versions.c.digest == bindparam("digest")
)


def find_version(
    connection: Connection,
    *,
    version_id: str | None = None,
    file_id: str | None = None,
    path: str | None = None,
    environment: str | None = None,
    types: Iterable[str] | None = None,
) -> Version:
    """Find a version by id, or a file's version in an environment (default: the default one). Raises NotFound."""
    if version_id is not None:
        version = version_by_id(connection, version_id, types)
        if file_id is not None and version.file_id != file_id:
            raise NotFound(f"File `{file_id}` has no version `{version_id}`.")
        return version
    return deployed_version(connection, find_file(connection, file_id, path, types).id, environment)


def version_by_id(connection: Connection, version_id: str, types: Iterable[str] | None = None) -> Version:
    """The version with this id. Raises NotFound."""
    row = connection.execute(_BY_ID, {"version_id": version_id}).first()
    if row is None or not _has_type(row.file_type, types):
        raise NotFound(f"{_kind(types)} version `{version_id}` does not exist.")
    return Version(*row)


def versions_by_id(connection: Connection, ids: Sequence[str]) -> dict[str, Version]:
    """Versions by their ids, deleted ones too; unknown ids are left out."""
    return {
        row.id: Version(*row)
        for batch in batches(ids)
        for row in connection.execute(_ALL.where(versions.c.id.in_(batch)))
    }


def find_file(
    connection: Connection, file_id: str | None, path: str | None = None, types: Iterable[str] | None = None
) -> Row[Any]:
    """The row of a file that is not deleted, by id or path. Raises NotFound."""
    if file_id is not None:
        row = connection.execute(_FILE_BY_ID, {"id": file_id}).first()
    else:
        row = connection.execute(_FILE_BY_PATH, {"path": clean_path(path or "")}).first()
    if row is None or not _has_type(row.type, types):
        raise NotFound(f"{_kind(types)} `{path if file_id is None else file_id}` does not exist.")
    return row


def deployed_version(connection: Connection, file_id: str, environment: str | None = None) -> Version:
    """The version of a file in an environment (name or id), else in the default one, else the newest.

    Raises NotFound for an unknown environment, an environment without this file, and a file without versions.
    """
    deployed = _DEPLOYED_BY_DEFAULT
    if environment is not None:
        wanted = (environments.c.name == environment) | (environments.c.id == environment)
        if connection.execute(select(environments.c.id).where(wanted)).first() is None:
            raise NotFound(f"Environment `{environment}` does not exist.")
        deployed = _DEPLOYED.where(wanted)
    row = connection.execute(deployed, {"file_id": file_id}).first()
    if row is None and environment is None:
        row = connection.execute(_NEWEST, {"file_id": file_id}).first()
    if row is None:
        where = f"has no version in environment `{environment}`" if environment else "has no version"
        raise NotFound(f"File `{file_id}` {where}.")
    return Version(*row)


def shown_version(environment_id: str, *, or_newest: bool) -> ColumnElement[str]:
    """SQL for a file's version in an environment, else optionally its newest, else null."""
    deployed = (
        select(deployments.c.version_id)
        .where(deployments.c.file_id == files.c.id, deployments.c.environment_id == environment_id)
        .correlate(files)
        .scalar_subquery()
    )
    newest = (
        select(versions.c.id)
        .where(versions.c.file_id == files.c.id, versions.c.deleted_at.is_(None))
        .order_by(versions.c.number.desc())
        .limit(1)
        .correlate(files)
        .scalar_subquery()
    )
    return func.coalesce(deployed, newest) if or_newest else deployed


def newest_version(connection: Connection, file_id: str) -> Version | None:
    """The newest version; None for a file without versions."""
    row = connection.execute(_NEWEST, {"file_id": file_id}).first()
    return None if row is None else Version(*row)


def version_ids(connection: Connection, file_id: str) -> list[str]:
    """The ids of a file's versions, newest first."""
    statement = (
        select(versions.c.id)
        .where(versions.c.file_id == file_id, versions.c.deleted_at.is_(None))
        .order_by(versions.c.number.desc())
    )
    return list(connection.execute(statement).scalars())


def add_version(
    connection: Connection,
    file: Row[Any],
    content: dict[str, Any],
    now: datetime,
    *,
    name: str | None = None,
    description: str | None = None,
    identity: Any = None,
    datapoints_count: int = 0,
) -> tuple[str, bool]:
    """Find or add the version with this content. Returns its id and whether it is new. The first one is deployed.

    `identity` identifies the version; None means its content does. Raises Conflict if another version has the name.
    """
    key = digest(content if identity is None else identity)
    existing = connection.execute(_SAME_CONTENT, {"file_id": file.id, "digest": key}).first()
    if existing is not None:
        changes = changed_values(existing, name=name, description=description)
        if existing.deleted_at is not None:
            changes["deleted_at"] = None
        if changes:
            with unique_name(name):
                connection.execute(
                    update(versions).where(versions.c.id == existing.id).values(**changes, updated_at=now)
                )
            note("changed", existing.id)
        return existing.id, False
    version_id = new_id(VERSION_PREFIXES[file.type])
    details = NewVersion(name, description, datapoints_count, now)
    insert_version(connection, file.id, version_id, key, content, details)
    _deploy_first(connection, file.id, version_id, now)
    note("created", version_id)
    return version_id, True


def insert_version(
    connection: Connection,
    file_id: str,
    version_id: str,
    key: str,
    content: dict[str, Any],
    details: NewVersion,
    *,
    any_tools: bool = False,
) -> None:
    """Insert a version whose digest `key` is new in its file.

    Raises NotFound for an unknown linked tool (unless `any_tools`), and Conflict if another version has the name.
    """
    if not any_tools:
        _require_tools(connection, content.get("linked_tools") or [])
    with unique_name(details.name):
        row = {
            "id": version_id,
            "file_id": file_id,
            "digest": key,
            "content": content,
            "name": details.name,
            "description": details.description,
            "datapoints_count": details.datapoints_count,
            "logs_count": 0,
            "created_at": details.created_at,
            "updated_at": details.updated_at or details.created_at,
            "last_used_at": details.last_used_at or details.created_at,
        }
        connection.execute(versions.insert(), row)


def read_specs(connection: Connection, version_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The specifications of evaluator versions, by version id."""
    rows = connection.execute(_SPECS, {"ids": version_ids})
    return {row.id: row.content["spec"] for row in rows}


def read_versions(connection: Connection, version_ids: Iterable[str]) -> dict[str, FileResponse]:
    """Versions in API form, by id. Includes deleted versions, which old runs and logs still name."""
    documents = read_documents(connection, version_ids)
    return {version_id: _file_responses().validate_python(document) for version_id, document in documents.items()}


@cache
def _file_responses() -> TypeAdapter[FileResponse]:
    return TypeAdapter(FileResponse)


def _require_tools(connection: Connection, ids: Iterable[str]) -> None:
    """Raise NotFound unless each id is a tool or a version of a tool."""
    for tool_id in ids:
        named = (files.c.id == tool_id) | (versions.c.id == tool_id)
        if connection.execute(_LIVE.where(files.c.type == "tool", named).limit(1)).first() is None:
            raise NotFound(f"Tool `{tool_id}` does not exist.")


def _deploy_first(connection: Connection, file_id: str, version_id: str, now: datetime) -> None:
    """Deploy the first version of a file to the default environment. Later versions are not deployed."""
    if connection.execute(_IS_DEPLOYED, {"file_id": file_id}).first():
        return
    if connection.execute(_ANOTHER_VERSION, {"file_id": file_id, "version_id": version_id}).first():
        return
    default = connection.execute(_DEFAULT_ENVIRONMENT).scalar_one()
    row = {"file_id": file_id, "environment_id": default, "version_id": version_id, "created_at": now}
    connection.execute(deployments.insert(), row)


def changed_values(row: Any, **given: Any) -> dict[str, Any]:
    """The given values that are not None and differ from a row's."""
    return {name: value for name, value in given.items() if value is not None and value != getattr(row, name)}


@contextmanager
def unique_name(name: str | None) -> Iterator[None]:
    """Raise Conflict if a statement gives a version the name of another one of its file."""
    try:
        yield
    except IntegrityError:
        if name is None:
            raise
        raise Conflict(f"Another version of this file already has the name `{name}`.") from None


def _has_type(file_type: str, types: Iterable[str] | None) -> bool:
    return types is None or file_type in types


def _kind(types: Iterable[str] | None) -> str:
    """The name of these types in messages: `Prompt`, or `File` for several types."""
    names = list(types or ())
    return names[0].capitalize() if len(names) == 1 else "File"
