"""Store the files of a document. An existing file at the same path takes its place."""

from typing import Any

from sqlalchemy import Row, select, update

from evals_mcp.errors import Conflict
from evals_mcp.models.evaluation_document import FileRecord
from evals_mcp.store.bulk.batch import Batch, each_record
from evals_mcp.store.database.tables import files
from evals_mcp.store.files.files import FileChange, delete_file, insert_file, move_file
from evals_mcp.store.files.paths import new_path


@each_record
def write_files(batch: Batch, record: FileRecord) -> None:
    """Store a new file, restore a deleted one, or use the existing file at the same path."""
    path = new_path(record.path)
    if record.deleted_at is not None:
        _write_deleted(batch, record, path)
        return
    same = batch.connection.execute(select(files).where(files.c.id == record.id)).first()
    there = batch.connection.execute(select(files).where(files.c.live_path == path)).first()
    _require_type(record, same)
    if same is not None and batch.overwrite:
        _overwrite(batch, record, path, same)
    elif same is not None and same.deleted_at is None:
        return
    elif there is not None and not batch.overwrite:
        _require_type(record, there)
        batch.note_id("file", record.id, there.id)
    elif same is not None:
        move_file(batch.connection, record.id, path, batch.now, updated_at=same.updated_at)
        batch.replaces = True
    else:
        _free(batch, path, record.id)
        created_at = record.created_at or batch.now
        change = FileChange(record.description, record.tags, record.readme)
        insert_file(batch.connection, record.id, record.type, path, change, created_at, record.updated_at)
        batch.added["file"] += 1
        batch.brought["files"].append(record.id)
    if record.monitors is not None and (batch.overwrite or same is None):
        extra = {**(same.extra if same is not None else {}), "evaluators": record.monitors}
        batch.connection.execute(update(files).where(files.c.id == record.id).values(extra=extra))


def _write_deleted(batch: Batch, record: FileRecord, path: str) -> None:
    """Store a deleted file for the runs and logs that name it. With overwrite, delete one that is there."""
    there = batch.connection.execute(select(files).where(files.c.id == record.id)).first()
    _require_type(record, there)
    times = {"deleted_at": record.deleted_at, "updated_at": record.updated_at or record.deleted_at}
    if there is None:
        change = FileChange(record.description, record.tags, record.readme)
        created_at = record.created_at or batch.now
        insert_file(batch.connection, record.id, record.type, path, change, created_at, is_deleted=True)
        batch.added["file"] += 1
        batch.brought["files"].append(record.id)
    elif not batch.overwrite:
        return
    elif there.deleted_at is None:
        delete_file(batch.connection, record.id, batch.now)
    batch.connection.execute(update(files).where(files.c.id == record.id).values(**times))


def _require_type(record: FileRecord, file: Row[Any] | None) -> None:
    if file is not None and file.type != record.type:
        raise Conflict(f"`{file.path}` ({file.id}) already exists with the type {file.type}, not {record.type}.")


def _overwrite(batch: Batch, record: FileRecord, path: str, file: Row[Any]) -> None:
    if file.live_path != path:
        _free(batch, path, file.id)
        move_file(batch.connection, file.id, path, batch.now, updated_at=file.updated_at)
    values = {
        "description": record.description,
        "readme": record.readme,
        "tags": record.tags,
        "created_at": record.created_at or file.created_at,
        "updated_at": record.updated_at or file.updated_at,
    }
    batch.connection.execute(update(files).where(files.c.id == file.id).values(**values))


def _free(batch: Batch, path: str, file_id: str) -> None:
    """Free a path. With overwrite, this removes the file that has it."""
    there = batch.connection.execute(
        select(files.c.id).where(files.c.live_path == path, files.c.id != file_id)
    ).scalar()
    if there is not None:
        delete_file(batch.connection, there, batch.now)
