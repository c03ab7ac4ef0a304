"""Keep the fields of datapoints: every writer of `datapoints` calls this in its transaction."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from evals_mcp.models.datapoint_fields import datapoint_fields
from evals_mcp.store.database import tables
from evals_mcp.store.database.many import insert_rows


def write_fields(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Store the fields of new datapoints, given with `id`, `dataset_id` and `content`."""
    fields = [
        {"datapoint_id": row["id"], "dataset_id": row["dataset_id"], **field._asdict()}
        for row in rows
        for field in datapoint_fields(row["content"])
    ]
    if fields:
        insert_rows(connection, tables.datapoint_fields, fields)


def replace_fields(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store the fields of a datapoint whose content changed."""
    columns = tables.datapoint_fields.c
    connection.execute(tables.datapoint_fields.delete().where(columns.datapoint_id == row["id"]))
    write_fields(connection, [row])
