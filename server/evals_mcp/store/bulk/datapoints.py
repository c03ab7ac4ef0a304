"""Store the datapoints of a document. An existing one with the same content in the dataset takes its place."""

from collections import defaultdict
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update

from evals_mcp.errors import Conflict
from evals_mcp.models.datapoints import DATAPOINT_CONTENT
from evals_mcp.models.evaluation_document import DatapointRecord
from evals_mcp.store.bulk.batch import Batch, Numbered, Refusing
from evals_mcp.store.database.identity import digest
from evals_mcp.store.database.many import insert_rows
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import datapoints
from evals_mcp.store.files.datapoint_fields import replace_fields, write_fields
from evals_mcp.store.files.datasets import datapoint_ids

_UPDATE = update(datapoints).where(datapoints.c.id == bindparam("of_id"))


class _Content(NamedTuple):
    dataset_id: str
    digest: str


def write_datapoints(batch: Batch, records: Numbered[DatapointRecord]) -> None:
    """Store new datapoints."""
    _require_datasets(batch, records)
    rows = [_row(record.with_ids(batch.ids)) for _, record in records]
    contents = _read_contents(batch, [row["id"] for row in rows])
    ids = _read_ids(batch, rows)
    new: dict[str, dict[str, Any]] = {}
    with Refusing() as at:
        for (at.position, at.record), row in zip(records, rows, strict=True):
            content = _Content(row["dataset_id"], row["digest"])
            there = contents.get(row["id"])
            if there == content:
                continue
            if batch.overwrite and content in ids:
                # Another server may have the same content twice. Here digests are unique.
                row["digest"] = digest([row["id"], row["content"]])
                content = _Content(row["dataset_id"], row["digest"])
            elif content in ids:
                batch.note_id("datapoint", row["id"], ids[content])
                continue
            if there is None or (batch.overwrite and row["id"] in new):
                new[row["id"]] = row
            elif batch.overwrite:
                _overwrite(batch, row)
            else:
                raise Conflict(f"Datapoint `{row['id']}` already exists with other content.")
            contents[row["id"]] = content
            ids[content] = row["id"]
    if new:
        rows = list(new.values())
        insert_rows(batch.connection, datapoints, rows)
        write_fields(batch.connection, rows)
        batch.added["datapoint"] += len(new)
        batch.brought["datapoints"] += new


def _require_datasets(batch: Batch, records: Numbered[DatapointRecord]) -> None:
    known: set[str] = set()
    with Refusing() as at:
        for at.position, at.record in records:
            dataset_id = at.record.with_ids(batch.ids).dataset_id
            if dataset_id not in known:
                batch.file_type(dataset_id, ["dataset"])
                known.add(dataset_id)


def _row(record: DatapointRecord) -> dict[str, Any]:
    content = record.model_dump(mode="json", include=DATAPOINT_CONTENT, exclude_none=True)
    return {"id": record.id, "dataset_id": record.dataset_id, "digest": digest(content), "content": content}


def _read_contents(batch: Batch, ids: list[str]) -> dict[str, _Content]:
    """The content of existing datapoints, by id."""
    columns = (datapoints.c.id, datapoints.c.dataset_id, datapoints.c.digest)
    return {
        row.id: _Content(row.dataset_id, row.digest)
        for some in batches(ids)
        for row in batch.connection.execute(select(*columns).where(datapoints.c.id.in_(some)))
    }


def _read_ids(batch: Batch, rows: list[dict[str, Any]]) -> dict[_Content, str]:
    """The ids of existing datapoints, by content."""
    digests: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        digests[row["dataset_id"]].append(row["digest"])
    return {
        _Content(dataset_id, key): id
        for dataset_id, of_dataset in digests.items()
        for key, id in datapoint_ids(batch.connection, dataset_id, of_dataset).items()
    }


def _overwrite(batch: Batch, row: dict[str, Any]) -> None:
    values = {name: row[name] for name in ("dataset_id", "digest", "content")}
    batch.connection.execute(_UPDATE.values(**values), {"of_id": row["id"]})
    replace_fields(batch.connection, row)
