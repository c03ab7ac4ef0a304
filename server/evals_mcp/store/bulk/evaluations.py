"""Store the evaluations of a document. An existing one with the same name in the file takes its place."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, select, update
from sqlalchemy.exc import IntegrityError

from evals_mcp.errors import Conflict
from evals_mcp.models.evaluation_document import EvaluationRecord
from evals_mcp.store.bulk.batch import Batch, each_record
from evals_mcp.store.bulk.import_entries import note_runs
from evals_mcp.store.database.tables import evaluation_evaluators, evaluation_runs, evaluations
from evals_mcp.store.evaluations.evaluations import EVALUATED_TYPES, Attached, attach, attach_and_open
from evals_mcp.store.evaluations.run_status import read_attachments


@each_record
def write_evaluations(batch: Batch, record: EvaluationRecord) -> None:
    """Store a new evaluation, or attach evaluators to an existing one."""
    if record.file_id is not None:
        batch.file_type(record.file_id, EVALUATED_TYPES)
    attached = [
        Attached(version.file_id, version.id, item.orchestrated, item.added_at, item.for_review)
        for item in record.evaluators
        for version in [batch.version(item.version_id, ["evaluator"])]
    ]
    evaluation = _find(batch, evaluations.c.id == record.id)
    if evaluation is None and not batch.overwrite and None not in (record.file_id, record.name):
        evaluation = _find(batch, evaluations.c.file_id == record.file_id, evaluations.c.name == record.name)
    if evaluation is None:
        _insert(batch, record, attached)
    elif batch.overwrite:
        _overwrite(batch, record, evaluation, attached)
    else:
        if (evaluation.file_id, evaluation.name) != (record.file_id, record.name):
            raise Conflict(f"Evaluation `{record.id}` already exists with another file or name.")
        batch.note_id("evaluation", record.id, evaluation.id)
        _attach_missing(batch, evaluation.id, attached)


def _insert(batch: Batch, record: EvaluationRecord, attached: Sequence[Attached]) -> None:
    created_at = record.created_at or batch.now
    values = {"id": record.id, "file_id": record.file_id, "name": record.name, "created_at": created_at}
    values |= batch.created_by(record)
    _execute(batch, record, evaluations.insert().values(**values, updated_at=record.updated_at or created_at))
    attach(batch.connection, record.id, attached, created_at)
    batch.added["evaluation"] += 1


def _overwrite(batch: Batch, record: EvaluationRecord, evaluation: Row[Any], attached: Sequence[Attached]) -> None:
    created_at = record.created_at or evaluation.created_at
    values = {"file_id": record.file_id, "name": record.name, "created_at": created_at}
    values |= {"updated_at": record.updated_at or evaluation.updated_at, **batch.created_by(record, evaluation)}
    _execute(batch, record, update(evaluations).where(evaluations.c.id == record.id).values(**values))
    of_evaluation = evaluation_evaluators.c.evaluation_id == record.id
    batch.connection.execute(delete(evaluation_evaluators).where(of_evaluation))
    attach(batch.connection, record.id, attached, created_at)


def _execute(batch: Batch, record: EvaluationRecord, statement: Any) -> None:
    try:
        batch.connection.execute(statement)
    except IntegrityError:
        raise Conflict(f"The file already has another evaluation named `{record.name}`.") from None


def _attach_missing(batch: Batch, evaluation_id: str, attached: Sequence[Attached]) -> None:
    present = {item.evaluator_version_id for item in read_attachments(batch.connection, evaluation_id)}
    missing = [item._replace(added_at=None) for item in attached if item.version_id not in present]
    if missing:
        note_runs(batch, _run_ids(batch, evaluation_id))
        batch.brought["evaluation_evaluators"] += [[evaluation_id, item.version_id] for item in missing]
        attach_and_open(batch.connection, evaluation_id, missing, batch.now)
        batch.run_ids |= _run_ids(batch, evaluation_id)


def _run_ids(batch: Batch, evaluation_id: str) -> set[str]:
    of_evaluation = select(evaluation_runs.c.run_id).where(evaluation_runs.c.evaluation_id == evaluation_id)
    return set(batch.connection.execute(of_evaluation).scalars())


def _find(batch: Batch, *conditions: ColumnElement[bool]) -> Row[Any] | None:
    return batch.connection.execute(select(evaluations).where(*conditions)).first()
