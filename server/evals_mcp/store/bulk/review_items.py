"""Store what was handed to reviewers: the review items of a document."""

from typing import Any

from sqlalchemy import Connection, select, update

from evals_mcp.models.evaluation_document import ReviewItemRecord
from evals_mcp.models.pseudonyms import require_forgotten
from evals_mcp.models.review_queue import ReviewDetail
from evals_mcp.store.bulk.batch import Batch, each_record, unknown
from evals_mcp.store.database.tables import evaluations, logs, review_items, runs


@each_record
def write_review_items(batch: Batch, record: ReviewItemRecord) -> None:
    """Store what was handed out, unless the reviewer has the log already. With overwrite, the record replaces it."""
    connection = batch.connection
    for table, noun, id in ((evaluations, "evaluation", record.evaluation_id), (runs, "run", record.run_id)):
        if connection.execute(select(table.c.id).where(table.c.id == id)).first() is None:
            raise unknown(noun, id)
    baseline = None if record.baseline_log_id is None else _number(connection, record.baseline_log_id)
    detail = ReviewDetail(
        evaluator_version_ids=record.evaluator_version_ids,
        baseline_run_id=record.baseline_run_id,
        baseline_log_number=baseline,
        slice=record.slice,
    )
    keys = {
        "evaluation_id": record.evaluation_id,
        "log_number": _number(connection, record.log_id),
        "reviewer": record.reviewer,
    }
    names = ("run_id", "reason", "sample_rank", "handed_out_at", "leased_until", "skipped")
    values: dict[str, Any] = {name: getattr(record, name) for name in names}
    values["detail"] = detail.model_dump(exclude_none=True)
    mine = [review_items.c[name] == value for name, value in keys.items()]
    there = connection.execute(select(review_items.c.reason).where(*mine)).first() is not None
    if there and not batch.overwrite:
        return
    if not there:
        _require_forgotten(batch, record, keys["log_number"])
    batch.replaces = True  # an undo of the import would leave it
    if there:
        connection.execute(update(review_items).where(*mine).values(**values))
        return
    connection.execute(review_items.insert().values(**keys, **values))
    batch.added["review_item"] += 1


def _require_forgotten(batch: Batch, record: ReviewItemRecord, log_number: Any) -> None:
    """Raise Conflict if a pseudonym has the log since that very moment: it stands for the record's reviewer."""
    same = (
        review_items.c.evaluation_id == record.evaluation_id,
        review_items.c.log_number == log_number,
        review_items.c.handed_out_at == record.handed_out_at,
    )
    for reviewer in batch.connection.execute(select(review_items.c.reviewer).where(*same)).scalars():
        require_forgotten(f"What was handed out of log `{record.log_id}`", reviewer, record.reviewer)


def _number(connection: Connection, log_id: str) -> int:
    found = connection.execute(select(logs.c.number).where(logs.c.id == log_id)).scalar()
    if found is None:
        raise unknown("log", log_id)
    return int(found)
