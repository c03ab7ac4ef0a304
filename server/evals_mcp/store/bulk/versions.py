"""Store the versions of a document. An existing one with the same content in the file takes its place."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update

from evals_mcp.errors import Conflict, Invalid
from evals_mcp.models.evaluation_document import VersionRecord
from evals_mcp.models.evaluators import EXAMPLES
from evals_mcp.models.version_contents import read_version_content
from evals_mcp.store.bulk.batch import Batch, each_record, unknown
from evals_mcp.store.database.identity import digest
from evals_mcp.store.database.many import insert_rows
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import datapoints, dataset_datapoints, versions
from evals_mcp.store.files.versions import NewVersion, insert_version, unique_name


@each_record
def write_versions(batch: Batch, record: VersionRecord) -> None:
    """Store a new version, or restore a deleted one."""
    file_type = batch.file_type(record.file_id)
    content = read_version_content(file_type, _linked(batch, record.content))
    datapoint_ids = list(dict.fromkeys(record.datapoint_ids))
    if file_type == "dataset":
        _require_datapoints(batch, record.file_id, datapoint_ids)
        key = digest({**content, "datapoints": sorted(datapoint_ids)})
    elif datapoint_ids:
        raise Invalid("Only a dataset version can have datapoints.", ("body", "datapoint_ids"))
    else:
        key = digest(content)
        if "tool_type" in record.content and file_type == "tool":
            content["tool_type"] = record.content["tool_type"]  # says how to run it, and identifies nothing
        if isinstance(record.content.get(EXAMPLES), list) and file_type == "evaluator":
            content[EXAMPLES] = record.content[EXAMPLES]
    same = _find(batch, versions.c.id == record.id)
    alike = _find(batch, versions.c.file_id == record.file_id, versions.c.digest == key)
    digests = (key, digest([record.id, key]))
    if same is not None and not batch.overwrite and (same.file_id != record.file_id or same.digest not in digests):
        raise Conflict(f"Version `{record.id}` already exists with another file or other content.")
    if batch.overwrite and record.name is not None:
        _free_name(batch, record.file_id, record.name, record.id)
    if same is not None:
        _bring_back(batch, record, same)
        if batch.overwrite and file_type == "evaluator":  # its examples may have changed
            is_same = versions.c.id == record.id
            batch.connection.execute(update(versions).where(is_same).values(content=content))
    elif alike is not None and not (batch.overwrite or record.keeps_id):
        batch.note_id("version", record.id, alike.id)
        _bring_back(batch, record, alike)
    else:
        # Another server may have the same content twice. Here digests are unique in a file.
        key = key if alike is None else digests[1]
        _insert(batch, record, key, content, datapoint_ids)
        about = batch.created_by(record)
        if record.deleted_at is not None:
            about["deleted_at"] = record.deleted_at
        if about:
            batch.connection.execute(update(versions).where(versions.c.id == record.id).values(**about))


def _insert(
    batch: Batch, record: VersionRecord, key: str, content: dict[str, Any], datapoint_ids: Sequence[str]
) -> None:
    taken = record.name is not None and _find(
        batch, versions.c.file_id == record.file_id, versions.c.name == record.name
    )
    details = NewVersion(
        None if taken else record.name,
        record.description,
        len(datapoint_ids),
        record.created_at or batch.now,
        record.updated_at,
        record.last_used_at,
    )
    # In a copy, linked tools may be deleted.
    insert_version(batch.connection, record.file_id, record.id, key, content, details, any_tools=batch.overwrite)
    if datapoint_ids:
        rows = [{"version_id": record.id, "position": at, "datapoint_id": id} for at, id in enumerate(datapoint_ids)]
        insert_rows(batch.connection, dataset_datapoints, rows)
    batch.added["version"] += 1


def _bring_back(batch: Batch, record: VersionRecord, version: Any) -> None:
    """Restore a deleted version, or delete it as the document says. With overwrite, update its description."""
    changes: dict[str, Any] = {}
    if version.deleted_at != record.deleted_at and (record.deleted_at is None or batch.overwrite):
        changes["deleted_at"] = record.deleted_at
    if batch.overwrite:
        changes |= {"name": record.name, "description": record.description}
        times = ("created_at", "updated_at", "last_used_at")
        changes |= {name: getattr(record, name) for name in times if getattr(record, name) is not None}
        changes |= batch.created_by(record, version)
    if changes:
        batch.replaces = True
        with unique_name(record.name):
            batch.connection.execute(update(versions).where(versions.c.id == version.id).values(**changes))


def _find(batch: Batch, *conditions: Any) -> Any:
    of = versions.c
    columns = (of.id, of.file_id, of.digest, of.deleted_at, of.created_by)
    return batch.connection.execute(select(*columns).where(*conditions)).first()


def _free_name(batch: Batch, file_id: str, name: str, version_id: str) -> None:
    others = (versions.c.file_id == file_id, versions.c.name == name, versions.c.id != version_id)
    batch.connection.execute(update(versions).where(*others).values(name=None))


def _require_datapoints(batch: Batch, dataset_id: str, ids: Sequence[str]) -> None:
    for some in batches(ids):
        of_dataset = (datapoints.c.dataset_id == dataset_id, datapoints.c.id.in_(some))
        found = batch.connection.execute(select(func.count()).select_from(datapoints).where(*of_dataset)).scalar_one()
        if found < len(some):
            there = set(batch.connection.execute(select(datapoints.c.id).where(*of_dataset)).scalars())
            missing = next(id for id in some if id not in there)
            raise unknown("datapoint of this dataset", missing)


def _linked(batch: Batch, content: dict[str, Any]) -> dict[str, Any]:
    """The content with this server's ids for the linked tools of a prompt."""
    linked = content.get("linked_tools")
    if not isinstance(linked, list):
        return content
    ids = batch.ids.get("file", {}) | batch.ids.get("version", {})
    return {**content, "linked_tools": [ids.get(id, id) if isinstance(id, str) else id for id in linked]}
