"""Store the directories of a document. An existing one at the same path takes its place."""

from sqlalchemy import select, update

from evals_mcp.models.evaluation_document import DirectoryRecord
from evals_mcp.store.bulk.batch import Batch, each_record
from evals_mcp.store.database.tables import directories
from evals_mcp.store.files.directories import ensure_directory
from evals_mcp.store.files.paths import new_path


@each_record
def write_directories(batch: Batch, record: DirectoryRecord) -> None:
    """Store a new directory with what describes it. Directories above it come earlier, or are created."""
    path = new_path(record.path)
    there = batch.connection.execute(select(directories.c.id).where(directories.c.path == path)).scalar()
    if there is not None and not batch.overwrite:
        return
    if there is None:
        is_taken = batch.connection.execute(select(directories.c.id).where(directories.c.id == record.id)).first()
        there = ensure_directory(
            batch.connection, path, record.created_at or batch.now, None if is_taken else record.id
        )
        batch.added["directory"] += 1
    created_at = record.created_at or batch.now
    values = {
        **record.model_dump(include={"description", "readme", "tags"}),
        "created_at": created_at,
        "updated_at": record.updated_at or created_at,
    }
    batch.connection.execute(update(directories).where(directories.c.id == there).values(**values))
