"""Store the files of a document. An existing file at the same path takes its place."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from evals_mcp.errors import Conflict
from evals_mcp.models.evaluation_document import FileRecord
from evals_mcp.store.bulk.batch import Batch, Numbered, Refusing
from evals_mcp.store.database.tables import files
from evals_mcp.store.files.directories import ensure_directory
from evals_mcp.store.files.files import FileChange, delete_file, insert_file
from evals_mcp.store.files.paths import new_path, split_path


def write_files(batch: Batch, records: Numbered[FileRecord]) -> None:
    """Store new files, restore deleted ones, and use existing files at the same paths."""
    with Refusing() as at:
        for at.position, at.record in records:
            _write_file(batch, at.record, new_path(at.record.path))


def _write_file(batch: Batch, record: FileRecord, path: str) -> None:
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
        _put(batch, record.id, path, same.updated_at)
    else:
        _free(batch, path, record.id)
        created_at = record.created_at or batch.now
        change = FileChange(record.description, record.tags, record.readme)
        insert_file(batch.connection, record.id, record.type, path, change, created_at, record.updated_at)
        batch.added["file"] += 1


def _require_type(record: FileRecord, file: Row[Any] | None) -> None:
    if file is not None and file.type != record.type:
        raise Conflict(f"`{file.path}` ({file.id}) already exists with the type {file.type}, not {record.type}.")


def _overwrite(batch: Batch, record: FileRecord, path: str, file: Row[Any]) -> None:
    if file.live_path != path:
        _free(batch, path, file.id)
        _put(batch, file.id, path, file.updated_at)
    values = {
        "description": record.description,
        "readme": record.readme,
        "tags": record.tags,
        "created_at": record.created_at or file.created_at,
        "updated_at": record.updated_at or file.updated_at,
    }
    batch.connection.execute(update(files).where(files.c.id == file.id).values(**values))


def _put(batch: Batch, file_id: str, path: str, updated_at: datetime) -> None:
    """Move an existing file to a free path."""
    folder, name = split_path(path)
    batch.connection.execute(
        update(files)
        .where(files.c.id == file_id)
        .values(
            path=path,
            live_path=path,
            name=name,
            directory_id=ensure_directory(batch.connection, folder, batch.now),
            deleted_at=None,
            updated_at=updated_at,
        )
    )


def _free(batch: Batch, path: str, file_id: str) -> None:
    """Free a path. With overwrite, this removes the file that has it."""
    there = batch.connection.execute(
        select(files.c.id).where(files.c.live_path == path, files.c.id != file_id)
    ).scalar()
    if there is not None:
        delete_file(batch.connection, there, batch.now)
