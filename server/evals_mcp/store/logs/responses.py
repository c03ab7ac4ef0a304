"""Logs in API form: rows joined with their files, judgments and traces."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, RowMapping, select

from evals_mcp.models.files import FileResponse
from evals_mcp.models.logs import DEEPEST_TRACE, LogResponse
from evals_mcp.store.database.pages import batches
from evals_mcp.store.database.tables import logs, run_logs
from evals_mcp.store.files.versions import read_versions
from evals_mcp.store.logs.rows import COLUMN_FIELDS, EXTRA_FIELDS, known_status

Rows = dict[int, RowMapping]


def read_logs(
    connection: Connection, numbers: Sequence[int], *, traces: bool = False, judged: bool = False
) -> list[LogResponse]:
    """Read logs in the order of the given numbers, each with its judgments.

    With `traces`, each log has the logs below it in `trace_children`. With `judged`, an evaluator log has the judged
    log in `parent`.
    """
    rows = _rows(connection, logs.c.number, numbers)
    if traces:
        rows |= _rows(connection, logs.c.trace_root_number, _roots(rows.values()))
    rows |= _rows(connection, logs.c.judged_log_number, list(rows))
    if judged:
        rows |= _rows(connection, logs.c.number, _references(rows.values(), "judged_log_number") - set(rows))
    reader = _Reader(
        rows, *_surroundings(connection, rows), _open_in_runs(connection, rows), traces=traces, judged=judged
    )
    return [_log_responses().validate_python(reader.document(rows[number])) for number in numbers if number in rows]


class _Reader:
    """Builds the document of a log from its row and the related rows."""

    def __init__(
        self,
        rows: Rows,
        versions: dict[str, FileResponse],
        ids: dict[int, tuple[str, str]],
        open_in_runs: set[int],
        *,
        traces: bool,
        judged: bool,
    ) -> None:
        self._rows = rows
        self._versions = versions
        self._ids = ids
        self._open_in_runs = open_in_runs
        self._judged = judged
        self._judgments: dict[int, list[int]] = {}
        self._children: dict[int, list[int]] = {}
        for number in sorted(rows):
            row = rows[number]
            if row["judged_log_number"] is not None:
                self._judgments.setdefault(row["judged_log_number"], []).append(number)
            if traces and row["trace_parent_number"] is not None:
                self._children.setdefault(row["trace_parent_number"], []).append(number)

    def document(self, row: RowMapping, depth: int = 0) -> dict[str, Any]:
        """The document of a log with all its judgments, and the logs below it as deep as JSON parsers allow."""
        number = row["number"]
        below = self._children.get(number, []) if depth < DEEPEST_TRACE else []
        return (
            self._fields(row)
            | self._parent(row)
            | {
                "evaluator_logs": [self._judgment(self._rows[other]) for other in self._judgments.get(number, [])],
                "trace_children": [self.document(self._rows[child], depth + 1) for child in below],
            }
        )

    def _judgment(self, row: RowMapping) -> dict[str, Any]:
        return self._fields(row) | self._parent(row) | {"evaluator_logs": []}

    def _parent(self, row: RowMapping) -> dict[str, Any]:
        judged = self._rows.get(row["judged_log_number"]) if self._judged else None
        return {} if judged is None else {"parent": self._fields(judged) | {"evaluator_logs": []}}

    def _fields(self, row: RowMapping) -> dict[str, Any]:
        version = self._versions[row["version_id"]]
        extra = row["extra"]
        document = {name: row[name] for name in _PLAIN_FIELDS} | {name: extra.get(name) for name in EXTRA_FIELDS}
        document["log_status"] = known_status(row["log_status"], in_run=row["number"] in self._open_in_runs)
        root = row["trace_root_number"] or (row["number"] if version.type == "flow" else None)
        return document | {
            version.type: version,
            "trace_status": document["log_status"],
            "log_id": row["id"],
            "batches": [],
            "source_datapoint_id": row["datapoint_id"],
            "parent_id": self._id(row["judged_log_number"]),
            "trace_parent_id": self._id(row["trace_parent_number"]),
            "trace_id": self._id(root),
            "trace_flow_id": None if root is None else self._ids[root][1],
        }

    def _id(self, number: int | None) -> str | None:
        return None if number is None else self._ids[number][0]


_PLAIN_FIELDS = ("id", *COLUMN_FIELDS)


def _rows(connection: Connection, column: ColumnElement[int], values: Iterable[int]) -> Rows:
    return {
        row["number"]: row
        for batch in batches(list(values))
        for row in connection.execute(select(logs).where(column.in_(batch))).mappings()
    }


def _roots(rows: Iterable[RowMapping]) -> set[int]:
    return {row["trace_root_number"] or row["number"] for row in rows}


def _references(rows: Iterable[RowMapping], *columns: str) -> set[int]:
    return {row[column] for row in rows for column in columns if row[column] is not None}


def _surroundings(connection: Connection, rows: Rows) -> tuple[dict[str, FileResponse], dict[int, tuple[str, str]]]:
    """The versions in the rows, and id and file id of each log in them."""
    versions = read_versions(connection, {row["version_id"] for row in rows.values()})
    ids = {number: (row["id"], row["file_id"]) for number, row in rows.items()}
    named = _references(rows.values(), "judged_log_number", "trace_parent_number", "trace_root_number")
    if missing := named - set(ids):
        for batch in batches(sorted(missing)):
            others = select(logs.c.number, logs.c.id, logs.c.file_id).where(logs.c.number.in_(batch))
            ids |= {row.number: (row.id, row.file_id) for row in connection.execute(others)}
    return versions, ids


def _open_in_runs(connection: Connection, rows: Rows) -> set[int]:
    """The numbers of the logs that are in a run and have no status of their own."""
    found: set[int] = set()
    for batch in batches([number for number, row in rows.items() if row["log_status"] is None]):
        found |= set(
            connection.execute(select(run_logs.c.log_number).where(run_logs.c.log_number.in_(batch))).scalars()
        )
    return found


@cache
def _log_responses() -> TypeAdapter[LogResponse]:
    return TypeAdapter(LogResponse)
