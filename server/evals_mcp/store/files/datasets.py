"""Datasets in the store: versions with datapoints. No HTTP."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from evals_mcp.models.datapoints import CreateDatapointRequest, DatapointResponse
from evals_mcp.models.datasets import DatasetResponse
from evals_mcp.models.ids import derived_id
from evals_mcp.models.pages import PaginatedData
from evals_mcp.store.database.identity import digest, new_id
from evals_mcp.store.database.pages import batches, window
from evals_mcp.store.database.repository import Repository
from evals_mcp.store.database.tables import datapoints, dataset_datapoints, files, versions
from evals_mcp.store.database.upserts import Upsert
from evals_mcp.store.files.datapoint_fields import write_fields
from evals_mcp.store.files.files import FileChange, ensure_file
from evals_mcp.store.files.versions import (
    Version,
    add_version,
    find_file,
    find_version,
    newest_version,
    read_versions,
    version_ids,
)


class Datasets(Repository):
    """Dataset versions and their datapoints. `Files` has what datasets share with other files."""

    def upsert(
        self,
        file_id: str | None,
        path: str | None,
        given: Sequence[CreateDatapointRequest],
        action: str,
        attributes: dict[str, Any] | None,
        change: FileChange,
        *,
        base_version_id: str | None = None,
        base_environment: str | None = None,
        include_datapoints: bool = False,
    ) -> DatasetResponse:
        """Set the datapoints of a dataset, or add to or remove from a base version (default: the newest).

        The same datapoints give the same version, in any order. Raises Invalid, NotFound and Conflict as
        `Files.upsert`.
        """
        with self._database.write() as connection:
            now = self._database.now()
            file = ensure_file(connection, "dataset", file_id, path, now, change)
            ids = _store_datapoints(connection, file.id, given)
            if action != "set":
                base = _base_version(connection, file.id, base_version_id, base_environment)
                before = [] if base is None else _datapoint_ids(connection, base.id)
                if base is not None and attributes is None:
                    attributes = base.content.get("attributes")
                if action == "add":
                    ids = list(dict.fromkeys([*before, *ids]))
                else:
                    dropped = set(ids)
                    ids = [datapoint_id for datapoint_id in before if datapoint_id not in dropped]
            version_id, _ = _add_version(connection, file, ids, attributes, change, now)
            return _written(_shown(connection, version_id, include_datapoints), given)

    def add(self, dataset_id: str, given: Sequence[CreateDatapointRequest]) -> list[DatapointResponse]:
        """Add datapoints to the newest version of a dataset. Returns them in the given order. Raises NotFound."""
        with self._database.write() as connection:
            file = find_file(connection, dataset_id, types=["dataset"])
            base = _base_version(connection, file.id, None, None)
            ids = _store_datapoints(connection, file.id, given)
            before = [] if base is None else _datapoint_ids(connection, base.id)
            attributes = None if base is None else base.content.get("attributes")
            merged = list(dict.fromkeys([*before, *ids]))
            _add_version(connection, file, merged, attributes, FileChange(), self._database.now())
            found = read_datapoints_by_id(connection, ids)
            return [found[datapoint_id] for datapoint_id in ids]

    def extend(
        self,
        dataset_id: str,
        given: Sequence[CreateDatapointRequest],
        change: FileChange,
        version_id: str | None = None,
        environment: str | None = None,
    ) -> DatasetResponse:
        """Add datapoints to the given version, else the environment's, else the default one. Raises NotFound."""
        with self._database.write() as connection:
            now = self._database.now()
            file = find_file(connection, dataset_id, types=["dataset"])
            base = find_version(connection, version_id=version_id, file_id=dataset_id, environment=environment)
            before = _datapoint_ids(connection, base.id)
            ids = list(dict.fromkeys([*before, *_store_datapoints(connection, file.id, given)]))
            new_id, _ = _add_version(connection, file, ids, base.content.get("attributes"), change, now)
            return _written(_shown(connection, new_id, include_datapoints=False), given)

    def get(
        self,
        dataset_id: str,
        version_id: str | None = None,
        environment: str | None = None,
        include_datapoints: bool = False,
    ) -> DatasetResponse:
        """A version of a dataset, optionally with all its datapoints. Raises NotFound."""
        with self._database.read() as connection:
            find_file(connection, dataset_id, types=["dataset"])
            version = find_version(connection, version_id=version_id, file_id=dataset_id, environment=environment)
            return _shown(connection, version.id, include_datapoints)

    def list_datapoints(
        self, dataset_id: str, version_id: str | None, environment: str | None, page: int, size: int
    ) -> PaginatedData[DatapointResponse]:
        """A page of a version's datapoints, in their order. Raises NotFound."""
        with self._database.read() as connection:
            find_file(connection, dataset_id, types=["dataset"])
            version = find_version(connection, version_id=version_id, file_id=dataset_id, environment=environment)
            limit, offset = window(page, size)
            return PaginatedData[DatapointResponse](
                records=read_datapoints(connection, version.id, limit, offset),
                page=page,
                size=limit,
                total=version.datapoints_count,
            )

    def newest(self, dataset_id: str) -> DatasetResponse:
        """The newest version of a dataset, without datapoints. Raises NotFound."""
        with self._database.read() as connection:
            find_file(connection, dataset_id, types=["dataset"])
            version = newest_version(connection, dataset_id) or find_version(connection, file_id=dataset_id)
            return _shown(connection, version.id, include_datapoints=False)

    def all_newest(self) -> list[DatasetResponse]:
        """The newest version of each dataset, without datapoints, newest dataset first."""
        with self._database.read() as connection:
            newest = (
                select(func.max(versions.c.number))
                .join(files, files.c.id == versions.c.file_id)
                .where(files.c.type == "dataset", files.c.deleted_at.is_(None), versions.c.deleted_at.is_(None))
                .group_by(versions.c.file_id)
            )
            rows = connection.execute(
                select(versions.c.id)
                .join(files, files.c.id == versions.c.file_id)
                .where(versions.c.number.in_(newest))
                .order_by(files.c.created_at.desc(), files.c.id)
            )
            wanted = list(rows.scalars())
            found: dict[str, Any] = dict(read_versions(connection, wanted))
            return [found[version_id] for version_id in wanted]

    def versions(
        self, dataset_id: str, include_datapoints: bool = False, *, of_newest_only: bool = False
    ) -> list[DatasetResponse]:
        """All versions of a dataset, newest first, with the datapoints of all or of the newest. Raises NotFound."""
        with self._database.read() as connection:
            find_file(connection, dataset_id, types=["dataset"])
            return [
                _shown(connection, version_id, include_datapoints and not (of_newest_only and index))
                for index, version_id in enumerate(version_ids(connection, dataset_id))
            ]


def read_datapoints(
    connection: Connection, version_id: str, limit: int | None = None, offset: int = 0
) -> list[DatapointResponse]:
    """Datapoints of a dataset version from position `offset`, in order."""
    first = dataset_datapoints.c.position >= offset
    statement = (
        select(datapoints.c.id, datapoints.c.content)
        .join(dataset_datapoints, dataset_datapoints.c.datapoint_id == datapoints.c.id)
        .where(dataset_datapoints.c.version_id == version_id, first)
        .order_by(dataset_datapoints.c.position)
    )
    if limit is not None:
        statement = statement.where(dataset_datapoints.c.position < offset + limit)
    return [DatapointResponse(id=row.id, **row.content) for row in connection.execute(statement)]


def read_datapoints_by_id(connection: Connection, ids: Iterable[str]) -> dict[str, DatapointResponse]:
    """Datapoints by id. Unknown ids are ignored."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = connection.execute(select(datapoints.c.id, datapoints.c.content).where(datapoints.c.id.in_(wanted)))
    return {row.id: DatapointResponse(id=row.id, **row.content) for row in rows}


def _written(response: DatasetResponse, given: Sequence[CreateDatapointRequest]) -> DatasetResponse:
    """A new version, with the positions of the given datapoints that repeat an earlier one."""
    first: dict[str, int] = {}
    repeated = [at for at, point in enumerate(given) if first.setdefault(digest(point.content()), at) != at]
    return response.model_copy(update={"repeated_datapoints": repeated})


def add_datapoints(
    connection: Connection,
    file: Row[Any],
    base: Version | None,
    given: Sequence[CreateDatapointRequest],
    now: datetime,
) -> tuple[str, bool]:
    """Add datapoints to a version of a dataset inside a transaction. Returns the new version's id and if it is new."""
    before = [] if base is None else _datapoint_ids(connection, base.id)
    ids = list(dict.fromkeys([*before, *_store_datapoints(connection, file.id, given)]))
    if base is not None and len(ids) == len(before):
        return base.id, False
    attributes = None if base is None else base.content.get("attributes")
    return _add_version(connection, file, ids, attributes, FileChange(), now)


_ADD_DATAPOINTS = Upsert(datapoints, lambda insert: insert.on_conflict_do_nothing())


def _store_datapoints(connection: Connection, dataset_id: str, given: Sequence[CreateDatapointRequest]) -> list[str]:
    """Store new datapoints. Returns the ids of all, each once, in order."""
    contents = {digest(content): content for content in (datapoint.content() for datapoint in given)}
    rows = [
        {"id": derived_id("dp", dataset_id, key), "dataset_id": dataset_id, "digest": key, "content": content}
        for key, content in contents.items()
    ]
    if rows:
        added = set(connection.execute(_ADD_DATAPOINTS.on(connection).returning(datapoints.c.id), rows).scalars())
        write_fields(connection, (row for row in rows if row["id"] in added))
    ids = datapoint_ids(connection, dataset_id, list(contents))
    # A document may have brought other content under an id that would follow from this one.
    others = [{**row, "id": new_id("dp")} for row in rows if row["digest"] not in ids]
    if others:
        connection.execute(datapoints.insert(), others)
        write_fields(connection, others)
        ids |= {str(row["digest"]): str(row["id"]) for row in others}
    return [ids[key] for key in contents]


def datapoint_ids(connection: Connection, dataset_id: str, digests: Sequence[str]) -> dict[str, str]:
    """The ids of a dataset's datapoints by the digests of what they hold; others are left out."""
    of_dataset = select(datapoints.c.id, datapoints.c.digest).where(datapoints.c.dataset_id == dataset_id)
    return {
        row.digest: row.id
        for some in batches(digests)
        for row in connection.execute(of_dataset.where(datapoints.c.digest.in_(some)))
    }


def _add_version(
    connection: Connection,
    file: Row[Any],
    ids: Sequence[str],
    attributes: dict[str, Any] | None,
    change: FileChange,
    now: datetime,
) -> tuple[str, bool]:
    """The id of the version with these datapoints (in any order) and attributes, and whether it is new."""
    content = {"attributes": attributes}
    version_id, is_new = add_version(
        connection,
        file,
        content,
        now,
        name=change.version_name,
        description=change.version_description,
        identity={**content, "datapoints": sorted(ids)},
        datapoints_count=len(ids),
    )
    if is_new and ids:
        rows = [{"version_id": version_id, "position": at, "datapoint_id": id} for at, id in enumerate(ids)]
        connection.execute(dataset_datapoints.insert(), rows)
    return version_id, is_new


def _base_version(
    connection: Connection, dataset_id: str, version_id: str | None, environment: str | None
) -> Version | None:
    if version_id is None and environment is None:
        return newest_version(connection, dataset_id)
    return find_version(connection, version_id=version_id, file_id=dataset_id, environment=environment)


def _datapoint_ids(connection: Connection, version_id: str) -> list[str]:
    rows = connection.execute(
        select(dataset_datapoints.c.datapoint_id)
        .where(dataset_datapoints.c.version_id == version_id)
        .order_by(dataset_datapoints.c.position)
    )
    return list(rows.scalars())


def _shown(connection: Connection, version_id: str, include_datapoints: bool) -> DatasetResponse:
    response = read_versions(connection, [version_id])[version_id]
    assert isinstance(response, DatasetResponse)
    if include_datapoints:
        response.datapoints = read_datapoints(connection, version_id)
    return response
