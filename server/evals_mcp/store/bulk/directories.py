"""Store the directories of a document. An existing one at the same path takes its place."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select, update

from evals_mcp.models.evaluation_document import DirectoryRecord
from evals_mcp.store.bulk.batch import Batch, each_record
from evals_mcp.store.database.tables import directories
from evals_mcp.store.files.directories import ensure_directory
from evals_mcp.store.files.paths import new_path


@each_record
def write_directories(batch: Batch, record: DirectoryRecord) -> None:
    """Store a new directory with what describes it. Directories above it come earlier, or are created.

    With overwrite, one with the same id is replaced. One with another id keeps its times and what describes it; the
    record fills what is empty.
    """
    path = new_path(record.path)
    there = batch.connection.execute(select(directories).where(directories.c.path == path)).first()
    if there is not None and not batch.overwrite:
        return
    described = record.model_dump(include={"description", "readme", "tags"})
    if there is not None and there.id != record.id:
        _fill(batch, there, described)
        return
    created_at = record.created_at or batch.now
    id: str | None = record.id
    if there is None:
        is_taken = batch.connection.execute(select(directories.c.id).where(directories.c.id == record.id)).first()
        id = ensure_directory(batch.connection, path, created_at, None if is_taken else record.id)
        batch.added["directory"] += 1
    values = {**described, "created_at": created_at, "updated_at": record.updated_at or created_at}
    batch.connection.execute(update(directories).where(directories.c.id == id).values(**values))


def _fill(batch: Batch, there: Row[Any], described: Mapping[str, Any]) -> None:
    """Describe a directory where it says nothing."""
    values = {name: value for name, value in described.items() if value and not there._mapping[name]}
    if values:
        batch.connection.execute(update(directories).where(directories.c.id == there.id).values(**values))
